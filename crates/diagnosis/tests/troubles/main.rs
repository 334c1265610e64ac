//! The troubles of a watch: their sentences, and that these follow from the evidence.

mod accepting;
mod arbitrary;
mod figures;
mod fixture;
mod order;
mod other_queues;
mod queues;
