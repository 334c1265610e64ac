//! The public interface. Tests in `kernel` need network namespaces, as root or in a user
//! namespace; those in `pure` need neither.

mod kernel;
mod pure;
