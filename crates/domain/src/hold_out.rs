//! Hold-outs: a random share of customers who do not get a benefit, so that it shows what the
//! benefit brings. Who is held out follows from the customer alone, so it never changes.

use crate::ids::CustomerId;
use crate::scaled::Percent;

/// The share of one benefit. A larger share holds out the same customers and more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldOut {
    pub share: Percent,
    /// Another salt draws other customers.
    pub salt: String,
}

/// The units of a hundred per cent: customers fall into as many buckets.
const BUCKETS: u128 = 1_000_000;

impl HoldOut {
    /// Whether the customer does not get the benefit.
    pub fn holds(&self, benefit: &str, customer: CustomerId) -> bool {
        let share = u128::try_from(self.share.units()).unwrap_or(0);
        bucket(benefit, &self.salt, customer) < share
    }
}

/// Evenly spread over the buckets, and independent between benefits.
fn bucket(benefit: &str, salt: &str, customer: CustomerId) -> u128 {
    let id = customer.bits().to_be_bytes();
    let hash = fnv_1a([benefit.as_bytes(), &[0], salt.as_bytes(), &[0], &id]);
    // The upper half of the product is the hash scaled down to the buckets.
    u128::from(mixed(hash))
        .saturating_mul(BUCKETS)
        .wrapping_shr(u64::BITS)
}

/// FNV-1a of 64 bits: the same on every machine and in every version.
fn fnv_1a<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let bytes = parts.into_iter().flatten();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The finaliser of MurmurHash3: every bit of the hash moves every bit of the result.
const fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ hash.wrapping_shr(33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ hash.wrapping_shr(33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash.wrapping_shr(33)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hold_out(share: &str, salt: &str) -> HoldOut {
        HoldOut {
            share: share.parse().unwrap(),
            salt: salt.to_owned(),
        }
    }

    #[test]
    fn the_hash_is_that_of_its_authors() {
        // Published vectors of FNV-1a; the finaliser keeps zero.
        assert_eq!(fnv_1a([&b""[..]]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a([&b"a"[..]]), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv_1a([&b"foo"[..], &b"bar"[..]]), 0x8594_4171_f739_67e8);
        assert_eq!(mixed(0), 0);
    }

    #[test]
    fn customers_of_today_stay_where_they_are() {
        let held: Vec<u128> = (0..40)
            .filter(|bits| hold_out("25", "2026").holds("tier-high", CustomerId::from_bits(*bits)))
            .collect();
        assert_eq!(held, [1, 3, 14, 15, 17, 19, 20, 22, 26, 27, 29, 31, 36, 39]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_share_is_met_and_two_benefits_are_independent(
            share in 1_i64..50, salt in "[a-z0-9]{0,8}", first in any::<u64>()
        ) {
            let one = hold_out(&share.to_string(), &salt);
            let (mut held, mut both) = (0_i64, 0_i64);
            let many = 20_000_i64;
            for number in 0..many {
                let bits = (u128::from(first) << 64) + number as u128;
                let customer = CustomerId::from_bits(bits);
                let here = one.holds("tier-high", customer);
                held += i64::from(here);
                both += i64::from(here && one.holds("tier-low", customer));
            }
            // Five standard deviations of a count: sqrt(n p (1 - p)) is at most 71.
            prop_assert!((held - many * share / 100).abs() < 360, "{held} of {share} %");
            prop_assert!((both - many * share * share / 10_000).abs() < 360, "{both}");
        }

        #[test]
        fn who_is_held_out_stays_so_as_the_share_grows(
            bits: u128, share in 0_i64..100, more in 0_i64..100, salt in "[a-z]{0,4}"
        ) {
            let customer = CustomerId::from_bits(bits);
            let (low, high) = (share.min(more), share.max(more));
            let held = |share: i64| hold_out(&share.to_string(), &salt).holds("b", customer);
            prop_assert!(!held(low) || held(high));
            prop_assert!(!held(0) && held(100));
            prop_assert_eq!(held(low), held(low));
        }
    }
}
