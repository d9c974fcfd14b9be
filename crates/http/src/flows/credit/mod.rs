//! Credit as requests and background work share it.
//!
//! | read and judged | `desk.rs`: everything about one customer's credit, in one transaction |
//! | authorised      | `authorize.rs`: reserve, hold or decline                               |
//! | by itself       | `upkeep.rs`: reservations end, holds are looked at again               |
//! | proposed        | `proposals.rs`, `portfolio.rs`: limits by the formula, for one or for all |
//! | reminded        | `dunning.rs`: levels of reminders that have changed are told           |

pub mod authorize;
pub mod desk;
pub mod dunning;
pub mod portfolio;
pub mod proposals;
pub mod upkeep;

use crate::problem::{Kind, Problem};
use tiercel_domain::credit::authorization::Refusal;

/// A movement that the state or the amounts of an authorisation do not allow.
pub fn refused(refusal: Refusal) -> Problem {
    let kind = match refusal {
        Refusal::Released => Kind::AuthorizationReleased,
        Refusal::Expired => Kind::AuthorizationExpired,
        Refusal::Committed => Kind::AuthorizationCommitted,
        Refusal::Exceeds { .. } => Kind::ExceedsAuthorization,
        Refusal::Backwards { .. } => Kind::InvalidInput,
    };
    Problem::new(kind, refusal.to_string())
}
