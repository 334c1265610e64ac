//! Graphs in Mermaid's language, which mdBook does not draw, as tables.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What begins the block of a graph.
const BEGIN: &str = "```mermaid\n";
const END: &str = "\n```\n";

/// The text with each graph of `A[name<br/>what it is] --> B` as a table: a row for each node, with
/// those that its arrows lead to.
///
/// # Errors
/// In words: a line of a graph that is not of this form.
pub(crate) fn as_tables(markdown: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some((before, block)) = rest.split_once(BEGIN) {
        let (graph, after) = block.split_once(END).ok_or("a block of Mermaid does not end")?;
        text += before;
        text += &Graph::parse(graph)?.table();
        rest = after;
    }
    Ok(text + rest)
}

#[derive(Debug, Default)]
struct Graph<'a> {
    nodes: Vec<Node<'a>>,
}

#[derive(Debug)]
struct Node<'a> {
    id: &'a str,
    name: &'a str,
    is: &'a str,
    /// The nodes that its arrows lead to, by their places.
    leads_to: BTreeSet<usize>,
}

impl<'a> Graph<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        let mut graph = Self::default();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let kind = lines.next().unwrap_or_default();
        if !kind.starts_with("graph ") {
            return Err(format!("`{kind}` is no graph of Mermaid, the only drawing that is known"));
        }
        for line in lines {
            let nodes = line.split(" --> ").map(|node| graph.node(node.trim()));
            let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
            for pair in nodes.windows(2) {
                graph.nodes[pair[0]].leads_to.insert(pair[1]);
            }
        }
        Ok(graph)
    }

    /// The place of a node that is written as `id` or `id[name<br/>what it is]`.
    fn node(&mut self, written: &'a str) -> Result<usize, String> {
        let unknown = || format!("`{written}` is not written as `id[name<br/>what it is]`");
        let (id, label) = match written.split_once('[') {
            None => (written, None),
            Some((id, label)) => (id, Some(label.strip_suffix(']').ok_or_else(unknown)?)),
        };
        if id.is_empty() || !id.chars().all(char::is_alphanumeric) {
            return Err(unknown());
        }
        let place = self.nodes.iter().position(|node| node.id == id).unwrap_or_else(|| {
            self.nodes.push(Node { id, name: id, is: "", leads_to: BTreeSet::new() });
            self.nodes.len() - 1
        });
        if let Some(label) = label {
            let node = &mut self.nodes[place];
            (node.name, node.is) = label.split_once("<br/>").unwrap_or((label, ""));
        }
        Ok(place)
    }

    fn table(&self) -> String {
        let mut table = "| name | is | uses |\n|---|---|---|\n".to_owned();
        for Node { name, is, leads_to, .. } in &self.nodes {
            let uses: Vec<_> =
                leads_to.iter().map(|&place| format!("`{}`", self.nodes[place].name)).collect();
            // mdBook would make a dash of it.
            let is = is.replace("--", "\\-\\-");
            writeln!(table, "| `{name}` | {is} | {} |", uses.join(", ")).expect("text grows");
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_becomes_a_table() {
        let text = "An arrow.\n\n```mermaid\ngraph TD\n    a[app<br/>the program]\n    b[lib]\n\n    \
                    a --> b --> c[core<br/>all of --json]\n    a --> c\n```\n\nAfter.\n";
        let expected = "An arrow.\n\n| name | is | uses |\n|---|---|---|\n| `app` | the program | \
                        `lib`, `core` |\n| `lib` |  | `core` |\n| `core` | all of \\-\\-json |  |\n\nAfter.\n";
        assert_eq!(as_tables(text).as_deref(), Ok(expected));
        assert_eq!(as_tables("none").as_deref(), Ok("none"));
        for wrong in ["pie\n  a", "graph TD\n  a[b", "graph TD\n  a ==> b", "graph TD\n  a --"] {
            let block = format!("```mermaid\n{wrong}\n```\n");
            assert!(as_tables(&block).is_err(), "{wrong}");
        }
        assert!(as_tables("```mermaid\ngraph TD\n").is_err());
    }
}
