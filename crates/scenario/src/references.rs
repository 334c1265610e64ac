//! The names that a CEL expression uses.

use std::ops::Range;

use cel::Program;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

/// A variable and the fields that are selected from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The variable, then the fields: `counters.server["X"]` has three steps.
    pub(crate) path: Vec<String>,
    /// The variable's bytes in the expression.
    pub(crate) variable: Range<usize>,
    /// Whether the expression only tests if the last field exists.
    pub(crate) tested: bool,
}

/// The names of CEL's types.
const TYPES: &[&str] = &[
    "bool",
    "bytes",
    "double",
    "dyn",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
];

/// Every reference of a program, with the fields that are named literally. Names that
/// a macro binds (`x` in `all(x, …)`) are not references.
pub(crate) fn references(program: &Program) -> Vec<Reference> {
    let mut walk = Walk { program, bound: Vec::new(), found: Vec::new() };
    walk.expression(program.expression());
    walk.found
}

struct Walk<'a> {
    program: &'a Program,
    bound: Vec<&'a str>,
    found: Vec<Reference>,
}

impl<'a> Walk<'a> {
    fn expression(&mut self, expression: &'a IdedExpr) {
        if let Some((root, path)) = path(expression) {
            let name = path[0].as_str();
            if name.starts_with('@') || self.bound.contains(&name) {
                return;
            }
            if path.len() == 1 && TYPES.contains(&name) {
                return;
            }
            self.found.push(Reference {
                path,
                variable: self.offsets(root),
                tested: matches!(&expression.expr, Expr::Select(select) if select.test),
            });
            return;
        }
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) => {}
            Expr::Call(call) => {
                call.target.iter().for_each(|target| self.expression(target));
                call.args.iter().for_each(|argument| self.expression(argument));
            }
            Expr::Select(select) => self.expression(&select.operand),
            Expr::List(list) => list.elements.iter().for_each(|item| self.expression(item)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.entry(&entry.expr)),
            Expr::Struct(made) => made.entries.iter().for_each(|entry| self.entry(&entry.expr)),
            Expr::Comprehension(comprehension) => {
                self.expression(&comprehension.iter_range);
                self.expression(&comprehension.accu_init);
                let outside = self.bound.len();
                self.bound.push(&comprehension.iter_var);
                self.bound.extend(comprehension.iter_var2.as_deref());
                self.bound.push(&comprehension.accu_var);
                self.expression(&comprehension.loop_cond);
                self.expression(&comprehension.loop_step);
                self.expression(&comprehension.result);
                self.bound.truncate(outside);
            }
        }
    }

    fn entry(&mut self, entry: &'a EntryExpr) {
        match entry {
            EntryExpr::StructField(field) => self.expression(&field.value),
            EntryExpr::MapEntry(entry) => {
                self.expression(&entry.key);
                self.expression(&entry.value);
            }
        }
    }

    fn offsets(&self, id: u64) -> Range<usize> {
        let offsets = self.program.source_info().offset_for(id);
        let (start, end) = offsets.unwrap_or_default();
        start as usize..end as usize
    }
}

/// The path that an expression spells, and the id of its variable.
fn path(expression: &IdedExpr) -> Option<(u64, Vec<String>)> {
    match &expression.expr {
        Expr::Ident(name) => Some((expression.id, vec![name.clone()])),
        Expr::Select(select) => {
            let (root, mut path) = path(&select.operand)?;
            path.push(select.field.clone());
            Some((root, path))
        }
        Expr::Call(call) => {
            let (operand, key) = literal_index(call)?;
            let (root, mut path) = path(operand)?;
            path.push(key.to_owned());
            Some((root, path))
        }
        _ => None,
    }
}

/// The operands of `x["key"]`.
fn literal_index(call: &CallExpr) -> Option<(&IdedExpr, &str)> {
    let [operand, index] = call.args.as_slice() else {
        return None;
    };
    match &index.expr {
        Expr::Literal(LiteralValue::String(key)) if call.func_name == operators::INDEX => {
            Some((operand, key.inner()))
        }
        _ => None,
    }
}
