//! Holm's correction for multiple tests.

/// The p-values adjusted by Holm's step-down method, in the given order. Rejecting those
/// that are at most α makes a false rejection among them with a probability of at most α,
/// however the tests depend on each other.
pub(crate) fn adjusted(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        let not_yet_rejected = (p_values.len() - rank) as f64;
        largest = largest.max(p_values[index] * not_yet_rejected).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// The procedure as Holm defines it: in ascending order, each p-value is rejected while
    /// it is at most α ÷ the number not yet rejected.
    fn rejected(p_values: &[f64], alpha: f64) -> Vec<bool> {
        let mut rejected = vec![false; p_values.len()];
        loop {
            let left: Vec<usize> = (0..p_values.len()).filter(|&n| !rejected[n]).collect();
            let least = left.iter().copied().min_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
            match least {
                Some(least) if p_values[least] * left.len() as f64 <= alpha => {
                    rejected[least] = true;
                }
                _ => return rejected,
            }
        }
    }

    proptest! {
        #[test]
        fn adjusted_p_values_reject_what_the_definition_rejects(
            // Steps, for ties and for thresholds that are met exactly.
            p_values in vec((0..=40_u8).prop_map(|steps| f64::from(steps) / 64.0), 0..12),
            alpha in (1..40_u8).prop_map(|steps| f64::from(steps) / 64.0),
        ) {
            let by_adjusted: Vec<bool> =
                adjusted(&p_values).iter().map(|&p| p <= alpha).collect();
            prop_assert_eq!(by_adjusted, rejected(&p_values, alpha));
        }
    }

    #[test]
    fn adjusted_p_values_of_examples_computed_by_hand() {
        assert_eq!(adjusted(&[0.5, 0.125, 0.25]), [0.5, 0.375, 0.5]);
        assert_eq!(adjusted(&[0.75, 0.75]), [1.0, 1.0]);
        assert_eq!(adjusted(&[]), [0.0; 0]);
    }
}
