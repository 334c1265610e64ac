//! An upper limit of what the evaluation of an expression costs, found without evaluating
//! it.
//!
//! CEL has no endless loops, but nested macros multiply, and `x + x` doubles. So each
//! expression gets a [`Bound`] of its values: how long they can be and how many items they
//! can have, whatever the facts are.

use std::collections::HashMap;

use cel::Program;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators,
};
use serde_json::Value;

use crate::facts::COUNTERS;
use crate::limits::{MAX_STEPS, MAX_SYSCTL_BYTES, MAX_SYSCTLS, MAX_VALUE_BYTES};

/// A number as text, in an exact notation.
const NUMBER_BYTES: u64 = 330;

/// More counters than a kernel has, and longer names.
const COUNTER_COUNT: u64 = 1_000;
const NAME_BYTES: u64 = 50;

/// The facts whose number of entries differs between cells.
const SYSCTLS: &str = "sysctls";

/// Bytes that are copied or compared in a step.
const BYTES_PER_STEP: u64 = 64;

/// Functions and operators whose result is a number or a truth.
const SCALARS: &[&str] = &[
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::LESS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::GREATER_EQUALS,
    operators::IN,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::NOT_STRICTLY_FALSE,
    operators::SUBSTRACT,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::NEGATE,
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "int",
    "uint",
    "double",
    "bool",
    "seconds",
    "hasValue",
    "type",
];

/// Operators that neither copy nor compare their operands.
const BY_REFERENCE: &[&str] = &[
    operators::INDEX,
    operators::OPT_INDEX,
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::NOT_STRICTLY_FALSE,
];

/// What the values of an expression cannot exceed.
#[derive(Debug, Clone, Default, PartialEq)]
struct Bound {
    /// Bytes of a string or a number.
    bytes: u64,
    /// Items of a list, or entries of a map.
    items: u64,
    /// Its items, keys and entries.
    item: Option<Box<Bound>>,
}

impl Bound {
    fn scalar() -> Self {
        Self { bytes: 8, ..Self::default() }
    }

    fn of_fact(name: &str, fact: &Value) -> Self {
        match fact {
            Value::Object(entries) => {
                let values = entries.iter().map(|(name, value)| Self::of_fact(name, value));
                let key = Self { bytes: NAME_BYTES, ..Self::default() };
                let item = values.fold(key, Self::join);
                // Other cells can have more sysctls than that of the sample.
                let items = if name == SYSCTLS { MAX_SYSCTLS } else { entries.len() };
                Self { bytes: 0, items: items as u64, item: Some(Box::new(item)) }
            }
            Value::Array(values) => Self {
                bytes: 0,
                items: values.len() as u64,
                item: values
                    .iter()
                    .map(|value| Self::of_fact(name, value))
                    .reduce(Self::join)
                    .map(Box::new),
            },
            Value::String(_) => Self { bytes: MAX_SYSCTL_BYTES as u64, ..Self::default() },
            _ => Self::scalar(),
        }
    }

    fn of_counters() -> Self {
        let map = |items, item| Self { bytes: 0, items, item: Some(Box::new(item)) };
        let name = Self { bytes: NAME_BYTES, ..Self::default() };
        map(2, map(COUNTER_COUNT, name))
    }

    /// A value of either.
    fn join(self, other: Self) -> Self {
        self.combine(other, u64::max)
    }

    /// The two in one: `a + b`.
    fn sum(self, other: Self) -> Self {
        self.combine(other, u64::saturating_add)
    }

    fn combine(self, other: Self, with: fn(u64, u64) -> u64) -> Self {
        let item = match (self.item, other.item) {
            (Some(a), Some(b)) => Some(Box::new(a.join(*b))),
            (a, b) => a.or(b),
        };
        Self { bytes: with(self.bytes, other.bytes), items: with(self.items, other.items), item }
    }

    fn item(&self) -> Self {
        self.item.as_deref().cloned().unwrap_or_default()
    }

    /// Bytes, at least one for each item.
    fn size(&self) -> u64 {
        let item = self.item.as_ref().map_or(0, |item| item.size());
        self.bytes.saturating_add(self.items.saturating_mul(item.saturating_add(8)))
    }
}

/// Why an expression costs too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooCostly {
    /// So many steps.
    Steps(u64),
    /// A value of so many bytes.
    Bytes(u64),
}

/// The most steps that an evaluation takes, for facts of this shape.
///
/// # Errors
/// If they, or a value on the way, are above the limit.
pub(crate) fn steps(program: &Program, shape: &Value) -> Result<u64, TooCostly> {
    let facts = shape.as_object().into_iter().flatten();
    let facts = facts.map(|(name, fact)| match name.as_str() {
        COUNTERS => (name.as_str(), Bound::of_counters()),
        _ => (name.as_str(), Bound::of_fact(name, fact)),
    });
    let mut walk = Walk { facts: facts.collect(), bound: Vec::new(), largest: 0 };
    let (_, steps) = walk.expression(program.expression());
    if walk.largest > MAX_VALUE_BYTES {
        return Err(TooCostly::Bytes(walk.largest));
    }
    if steps > MAX_STEPS { Err(TooCostly::Steps(steps)) } else { Ok(steps) }
}

struct Walk<'a> {
    facts: HashMap<&'a str, Bound>,
    /// The variables of macros, innermost last.
    bound: Vec<(&'a str, Bound)>,
    /// The largest value so far, bytes.
    largest: u64,
}

impl<'a> Walk<'a> {
    /// The bound of an expression's value, and the most steps of its evaluation.
    fn expression(&mut self, expression: &'a IdedExpr) -> (Bound, u64) {
        let (value, steps) = match &expression.expr {
            Expr::Unspecified => (Bound::default(), 1),
            Expr::Literal(literal) => (of_literal(literal), 1),
            Expr::Ident(name) => (self.variable(name), 1),
            Expr::Select(select) => {
                let (operand, steps) = self.expression(&select.operand);
                let value = if select.test { Bound::scalar() } else { operand.item() };
                (value, steps.saturating_add(1))
            }
            Expr::Call(call) => self.call(call),
            Expr::List(list) => self.collection(list.elements.iter(), list.elements.len()),
            Expr::Map(map) => self
                .collection(map.entries.iter().flat_map(|it| parts(&it.expr)), map.entries.len()),
            Expr::Struct(made) => self
                .collection(made.entries.iter().flat_map(|it| parts(&it.expr)), made.entries.len()),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
        };
        self.largest = self.largest.max(value.size());
        (value, steps)
    }

    fn variable(&self, name: &str) -> Bound {
        let bound = self.bound.iter().rev().find(|(bound, _)| *bound == name);
        let value = bound.map(|(_, value)| value).or_else(|| self.facts.get(name));
        value.cloned().unwrap_or_else(Bound::scalar)
    }

    fn call(&mut self, call: &'a CallExpr) -> (Bound, u64) {
        let name = call.func_name.as_str();
        let operands = call.target.iter().map(|target| &**target).chain(&call.args);
        let operands: Vec<_> = operands.map(|operand| self.expression(operand)).collect();
        let steps = operands.iter().map(|(_, steps)| *steps).fold(1, u64::saturating_add);
        let copied = match BY_REFERENCE.contains(&name) {
            true => 0,
            false => operands.iter().map(|(value, _)| value.size()).fold(0, u64::saturating_add),
        };
        let mut values = operands.into_iter().map(|(value, _)| value);
        let value = if SCALARS.contains(&name) {
            Bound::scalar()
        } else if name == operators::ADD {
            values.reduce(Bound::sum).unwrap_or_default()
        } else if name == operators::INDEX || name == operators::OPT_INDEX {
            values.next().unwrap_or_default().item()
        } else {
            // `string` and `bytes` write numbers; the others return one of their operands.
            let number = Bound { bytes: NUMBER_BYTES, ..Bound::default() };
            let operand = values.reduce(Bound::join).unwrap_or_default();
            if name == operators::CONDITIONAL { operand } else { operand.join(number) }
        };
        (value, steps.saturating_add(copied / BYTES_PER_STEP))
    }

    fn collection(
        &mut self,
        parts: impl Iterator<Item = &'a IdedExpr>,
        items: usize,
    ) -> (Bound, u64) {
        let (mut item, mut steps) = (Bound::default(), 1_u64);
        for part in parts {
            let (value, more) = self.expression(part);
            item = item.join(value);
            steps = steps.saturating_add(more);
        }
        (Bound { bytes: 0, items: items as u64, item: Some(Box::new(item)) }, steps)
    }

    /// The body of a macro, once for each item. No source can name the accumulator, so all
    /// that a macro does with it is to add to it.
    fn comprehension(&mut self, comprehension: &'a ComprehensionExpr) -> (Bound, u64) {
        let ComprehensionExpr { iter_range, iter_var, iter_var2, accu_var, accu_init, .. } =
            comprehension;
        let (range, range_steps) = self.expression(iter_range);
        let (start, start_steps) = self.expression(accu_init);
        let outside = self.bound.len();
        let item = range.item();
        let copied = item.size() / BYTES_PER_STEP;
        self.bound.extend(iter_var2.iter().map(|name| (name.as_str(), item.clone())));
        self.bound.push((iter_var, item));
        self.bound.push((accu_var, start.clone()));
        let (_, condition_steps) = self.expression(&comprehension.loop_cond);
        let (added, body_steps) = self.expression(&comprehension.loop_step);
        let times = range.items;
        let end = Bound {
            bytes: start.bytes.saturating_add(added.bytes.saturating_mul(times)),
            items: start.items.saturating_add(added.items.saturating_mul(times)),
            ..start.join(added)
        };
        self.bound.truncate(outside);
        self.bound.push((accu_var, end));
        let (value, result_steps) = self.expression(&comprehension.result);
        self.bound.truncate(outside);
        let once = condition_steps.saturating_add(body_steps).saturating_add(copied + 1);
        let steps = [range_steps, start_steps, times.saturating_mul(once), result_steps];
        (value, steps.into_iter().fold(1, u64::saturating_add))
    }
}

fn of_literal(literal: &LiteralValue) -> Bound {
    match literal {
        LiteralValue::String(text) => {
            Bound { bytes: text.inner().len() as u64, ..Bound::default() }
        }
        LiteralValue::Bytes(bytes) => {
            Bound { bytes: bytes.inner().len() as u64, ..Bound::default() }
        }
        _ => Bound::scalar(),
    }
}

/// The expressions of an entry.
fn parts(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}
