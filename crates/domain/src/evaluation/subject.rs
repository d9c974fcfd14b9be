//! The customer that is evaluated.

use crate::history::{Series, Sums};
use crate::profile::Profile;
use crate::settlement::SettledInvoice;

/// What evaluation reads of one customer. The order of facts and invoices does not matter.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub profile: &'a Profile,
    /// What adds up.
    pub sums: Sums<'a>,
    /// What does not. What lies after the date of evaluation does not count yet.
    pub series: &'a Series,
    /// The customer's invoices that are not cancelled, settled as of the date of evaluation.
    pub invoices: &'a [SettledInvoice],
}
