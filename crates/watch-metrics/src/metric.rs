//! A metric: its name, help and value.

use std::fmt;

use prometheus_client::encoding::{
    CounterValueEncoder, DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue,
    GaugeValueEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::labels::Labels;

/// A metric that is computed from a `T`.
pub(crate) struct Metric<T> {
    /// Without its unit and, for a counter, without `_total`.
    name: &'static str,
    /// Sentences without backslashes, quotation marks and line feeds.
    help: &'static str,
    unit: Option<&'static str>,
    is_counter: bool,
    value: fn(&T) -> Option<Value>,
}

/// A value of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    /// A number of something.
    Count(u64),
    /// A quantity.
    Real(f64),
}

impl Value {
    /// A number of something.
    pub(crate) fn count(count: impl Into<u64>) -> Option<Self> {
        Some(Self::Count(count.into()))
    }
}

impl<T> Metric<T> {
    /// A value that rises and falls; it is left out if there is none.
    pub(crate) const fn gauge(
        name: &'static str,
        help: &'static str,
        value: fn(&T) -> Option<Value>,
    ) -> Self {
        Self { name, help, unit: None, is_counter: false, value }
    }

    /// A value that only rises, or begins again at 0; it is left out if there is none.
    pub(crate) const fn counter(
        name: &'static str,
        help: &'static str,
        value: fn(&T) -> Option<Value>,
    ) -> Self {
        Self { name, help, unit: None, is_counter: true, value }
    }

    /// The same in a unit, which its name has at its end in the output.
    pub(crate) const fn gauge_in(
        unit: &'static str,
        name: &'static str,
        help: &'static str,
        value: fn(&T) -> Option<Value>,
    ) -> Self {
        Self { name, help, unit: Some(unit), is_counter: false, value }
    }

    /// Writes its values; nothing if it has none.
    pub(crate) fn encode<'a>(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        all: impl Iterator<Item = (&'a Labels, &'a T)>,
    ) -> fmt::Result
    where
        T: 'a,
    {
        let mut values =
            all.filter_map(|(labels, of)| Some((labels, (self.value)(of)?))).peekable();
        if values.peek().is_none() {
            return Ok(());
        }
        let unit = self.unit.map(|unit| Unit::Other(unit.to_owned()));
        let kind = if self.is_counter { MetricType::Counter } else { MetricType::Gauge };
        let mut metric = encoder.encode_descriptor(self.name, self.help, unit.as_ref(), kind)?;
        for (labels, value) in values {
            let mut series = metric.encode_family(labels)?;
            match self.is_counter {
                true => series.encode_counter::<NoLabelSet, _, f64>(&value, None)?,
                false => series.encode_gauge(&value)?,
            }
        }
        Ok(())
    }
}

impl EncodeGaugeValue for Value {
    fn encode(&self, encoder: &mut GaugeValueEncoder<'_>) -> fmt::Result {
        match *self {
            Self::Count(count) => EncodeGaugeValue::encode(&count, encoder),
            Self::Real(real) => EncodeGaugeValue::encode(&real, encoder),
        }
    }
}

impl EncodeCounterValue for Value {
    fn encode(&self, encoder: &mut CounterValueEncoder<'_>) -> fmt::Result {
        match *self {
            Self::Count(count) => EncodeCounterValue::encode(&count, encoder),
            Self::Real(real) => EncodeCounterValue::encode(&real, encoder),
        }
    }
}
