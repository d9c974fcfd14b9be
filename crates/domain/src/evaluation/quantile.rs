//! Cut points of a portfolio by midrank: equal values are never separated.

/// The smallest value of which at least `part / whole` of the values lie below, those equal to it
/// counted half. None where no value is that high.
///
/// `sorted` ascends.
pub fn cut<T: Copy + PartialOrd>(sorted: &[T], part: u64, whole: u64) -> Option<T> {
    let count = u128::try_from(sorted.len()).ok()?;
    let wanted = count.checked_mul(2)?.checked_mul(u128::from(part))?;
    let mut from = 0_usize;
    while let Some(value) = sorted.get(from).copied() {
        let rest = sorted.get(from..)?;
        let equal = rest.partition_point(|other| *other <= value);
        let to = from.checked_add(equal)?;
        let midrank = u128::try_from(from.checked_add(to)?).ok()?;
        if midrank.checked_mul(u128::from(whole))? >= wanted {
            return Some(value);
        }
        from = to;
    }
    None
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cut_parts_at_midranks(mut values in prop::collection::vec(0_i64..20, 1..60), part in 1_u64..100) {
            values.sort_unstable();
            let midrank = |value: i64| {
                let below = values.iter().filter(|other| **other < value).count();
                let equal = values.iter().filter(|other| **other == value).count();
                2 * below + equal
            };
            let reaches = |value: i64| midrank(value) as u64 * 100 >= 2 * values.len() as u64 * part;
            let expected = values.iter().copied().find(|value| reaches(*value));
            prop_assert_eq!(cut(&values, part, 100), expected);
        }
    }

    #[test]
    fn nobody_is_above_a_cut_that_equal_values_hide() {
        assert_eq!(cut(&[5, 5, 5, 5], 80, 100), None);
        assert_eq!(cut(&[1, 2, 3, 4, 5], 80, 100), Some(5));
        assert_eq!(cut::<i64>(&[], 80, 100), None);
    }
}
