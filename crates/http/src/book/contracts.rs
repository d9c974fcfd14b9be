//! Contracts by whom they were made with.

use std::collections::HashMap;
use tiercel_domain::contracts::{Contract, Party};
use tiercel_domain::ids::{CustomerId, GroupId};

/// All contracts of one state of the book.
#[derive(Debug, Default)]
pub struct Contracts {
    of_customers: HashMap<CustomerId, Vec<Contract>>,
    of_groups: HashMap<GroupId, Vec<Contract>>,
}

impl Contracts {
    pub fn new(all: Vec<Contract>) -> Self {
        let mut contracts = Self::default();
        for one in all {
            let held = match one.party {
                Party::Customer(id) => contracts.of_customers.entry(id).or_default(),
                Party::Group(id) => contracts.of_groups.entry(id).or_default(),
            };
            held.push(one);
        }
        contracts
    }

    /// Those that may be about a customer of some groups, whether they hold or not.
    pub fn of<'c>(
        &'c self,
        customer: CustomerId,
        groups: &[GroupId],
    ) -> impl Iterator<Item = &'c Contract> {
        let own = self.of_customers.get(&customer).into_iter().flatten();
        let theirs = groups.iter().filter_map(|group| self.of_groups.get(group));
        own.chain(theirs.flatten())
    }
}
