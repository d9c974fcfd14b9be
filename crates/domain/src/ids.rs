//! Typed identifiers: 128 bits, shown as a prefix and 26 characters of base32.

use std::fmt;

/// Crockford's alphabet in lower case: no `i`, `l`, `o`, `u`, so an id survives being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

/// A text that is not an identifier of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of the form {prefix}_…")]
pub struct InvalidId {
    pub prefix: &'static str,
    pub text: String,
}

fn encode(value: u128, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut text = [0_u8; LENGTH];
    let mut rest = value;
    for slot in text.iter_mut().rev() {
        *slot = ALPHABET[usize::from((rest & 31) as u8)];
        rest >>= 5;
    }
    out.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

fn decode(text: &str) -> Option<u128> {
    if text.len() != LENGTH {
        return None;
    }
    text.bytes()
        .enumerate()
        .try_fold(0_u128, |value, (place, byte)| {
            let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
            // 26 × 5 = 130 bits: the first character may only use its low three.
            if place == 0 && digit > 7 {
                return None;
            }
            Some(value << 5 | u128::try_from(digit).ok()?)
        })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            pub const PREFIX: &'static str = $prefix;
            pub const fn from_bits(bits: u128) -> Self { Self(bits) }
            pub const fn bits(self) -> u128 { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(concat!($prefix, "_"))?;
                encode(self.0, out)
            }
        }
        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or_else(|| InvalidId { prefix: $prefix, text: text.to_owned() })
            }
        }
    )*};
}

ids! {
    /// An organisation or a person that buys.
    CustomerId = "cus",
    /// A person who acts for a customer.
    ContactId = "con",
    /// A node of the tree of customer groups.
    GroupId = "grp",
    /// Something that is sold.
    ProductId = "prd",
    /// One cost of a product from a date on.
    ProductCostId = "cst",
    /// One rate between two currencies on a date.
    RateId = "rat",
    /// One fact about a customer, through all its corrections.
    FactId = "fct",
    /// One evaluation of one customer.
    EvaluationId = "evl",
    /// One answer of a decision.
    DecisionId = "dec",
    /// One write: the journal entry that carries it.
    WriteId = "wrt",
    /// Work that outlives its request.
    JobId = "job",
    /// A program that may call the API.
    ClientId = "cli",
    /// A key that signs or seals.
    KeyId = "key",
    /// A published or drafted model or policy, through all its versions.
    DocumentId = "doc",
    /// The credit of one customer in one company and segment, or of a group of accounts.
    CreditAccountId = "acc",
    /// Credit reserved for one document.
    AuthorizationId = "aut",
    /// A document that was not authorised and waits.
    CreditHoldId = "hld",
    /// A permission to go beyond the rules of credit once.
    CreditOverrideId = "ovr",
    /// Open items as finance told them, compared with ours.
    CreditSnapshotId = "snp",
    /// A limit that the formula proposed.
    LimitProposalId = "lpr",
    /// A tier that somebody set by hand.
    TierOverrideId = "tov",
    /// What was agreed with a customer or a group, through all its versions.
    ContractId = "ctr",
    /// A request for a price that the policy does not give, and what became of it.
    PriceApprovalId = "apr",
    /// What a draft would do to the portfolio.
    SimulationId = "sim",
    /// What a draft of a service policy would do to customers.
    PolicySimulationId = "psm",
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_id_reads_back(bits: u128) {
            let id = CustomerId::from_bits(bits);
            prop_assert_eq!(id.to_string().parse::<CustomerId>(), Ok(id));
        }
    }

    #[test]
    fn foreign_prefixes_and_overlong_values_are_refused() {
        let id = CustomerId::from_bits(7).to_string();
        assert!(id.parse::<FactId>().is_err());
        assert!(
            "cus_zzzzzzzzzzzzzzzzzzzzzzzzzz"
                .parse::<CustomerId>()
                .is_err()
        );
        assert!("cus_".parse::<CustomerId>().is_err());
    }
}
