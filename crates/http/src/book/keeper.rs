//! Keeps the book current: filled at start, changed after every write, swapped as a whole.

use super::{Book, Contracts, Policies, Products};
use arc_swap::ArcSwap;
use futures_util::TryStreamExt;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::settings::Settings;
use tiercel_persistence::{DbError, Effects, Store, book, contracts, products, rates};

/// Keeps the book current and hands out snapshots.
pub struct BookKeeper {
    current: ArcSwap<Book>,
    /// Held from taking the current book to storing the next, so that no change is lost.
    swapping: Mutex<()>,
    products: Turns,
    rates: Turns,
    policies: Turns,
    groups: Turns,
    contracts: Turns,
    tag: Mutex<Option<Tag>>,
}

/// The entity tag of what one state of the book tells on one day.
struct Tag {
    revision: u64,
    day: String,
    tag: String,
}

impl BookKeeper {
    /// Reads everything. What is written meanwhile is told by the journal from its head before.
    pub async fn load(store: &Store, _: &Settings) -> Result<Self, DbError> {
        let keeper = Self::holding(Book::default());
        keeper.reload_products(store).await?;
        keeper.reload_rates(store).await?;
        keeper.reload_policies(store).await?;
        keeper.reload_groups(store).await?;
        keeper.reload_contracts(store).await?;
        let mut full = Book::clone(&keeper.snapshot());
        let mut pages = std::pin::pin!(book::everyone(store));
        while let Some(page) = pages.try_next().await? {
            page.into_iter().for_each(|customer| full.put(customer));
        }
        keeper.current.store(Arc::new(full));
        Ok(keeper)
    }

    pub(super) fn holding(book: Book) -> Self {
        Self {
            current: ArcSwap::from_pointee(book),
            swapping: Mutex::new(()),
            products: Turns::default(),
            rates: Turns::default(),
            policies: Turns::default(),
            groups: Turns::default(),
            contracts: Turns::default(),
            tag: Mutex::default(),
        }
    }

    pub fn snapshot(&self) -> Arc<Book> {
        self.current.load_full()
    }

    /// The tag that was kept for this state and day.
    pub fn tag_of(&self, book: &Book, day: &str) -> Option<String> {
        let kept = self.tag.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_ref()?;
        (kept.revision == book.revision && kept.day == day).then(|| kept.tag.clone())
    }

    /// Keeps the last tag, so that asking again costs nothing while nothing changes.
    pub fn keep_tag(&self, book: &Book, day: &str, tag: &str) {
        let mut kept = self.tag.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(Tag {
            revision: book.revision,
            day: day.to_owned(),
            tag: tag.to_owned(),
        });
    }

    /// Takes over what a committed write changed; older versions than the book holds are ignored.
    pub async fn apply(&self, store: &Store, effects: &Effects) -> Result<(), DbError> {
        self.reload_customers(store, &effects.customers).await?;
        let touched = |names: [&str; 2]| names.iter().any(|name| effects.entities.contains(*name));
        if touched(["product", "product_cost"]) {
            let reload = async || self.reload_products(store).await;
            self.products.once(reload).await?;
        }
        if touched(["exchange_rate", "rate"]) {
            let reload = async || self.reload_rates(store).await;
            self.rates.once(reload).await?;
        }
        if touched(["document", "policy"]) {
            let reload = async || self.reload_policies(store).await;
            self.policies.once(reload).await?;
        }
        if touched(["customer_group", "group"]) {
            let reload = async || self.reload_groups(store).await;
            self.groups.once(reload).await?;
        }
        if effects.entities.contains("contract") {
            let reload = async || self.reload_contracts(store).await;
            self.contracts.once(reload).await?;
        }
        Ok(())
    }

    /// Reads before it waits for its turn: the version of each customer decides which read counts.
    async fn reload_customers(
        &self,
        store: &Store,
        ids: &BTreeSet<CustomerId>,
    ) -> Result<(), DbError> {
        if ids.is_empty() {
            return Ok(());
        }
        let customers = book::customers(store, ids).await?;
        self.change(|book| {
            customers
                .into_iter()
                .for_each(|customer| book.put(customer))
        });
        Ok(())
    }

    async fn reload_products(&self, store: &Store) -> Result<(), DbError> {
        let mut all = Products::new();
        let mut last = None;
        loop {
            let page = products::all_after(store, last).await?;
            let Some(end) = page.last().map(|product| product.id) else {
                break;
            };
            all.extend(
                page.into_iter()
                    .map(|product| (product.sku.clone(), product)),
            );
            last = Some(end);
        }
        self.change(|book| book.products = Arc::new(all));
        Ok(())
    }

    async fn reload_rates(&self, store: &Store) -> Result<(), DbError> {
        let table = rates::table(store).await?;
        self.change(|book| book.rates = Arc::new(table));
        Ok(())
    }

    async fn reload_policies(&self, store: &Store) -> Result<(), DbError> {
        let policies = Policies::load(store).await?;
        self.change(|book| book.policies = Arc::new(policies));
        Ok(())
    }

    async fn reload_groups(&self, store: &Store) -> Result<(), DbError> {
        let parents = book::group_parents(store).await?;
        self.change(|book| book.groups = Arc::new(parents));
        Ok(())
    }

    async fn reload_contracts(&self, store: &Store) -> Result<(), DbError> {
        let all = Contracts::new(contracts::all(store).await?);
        self.change(|book| book.contracts = Arc::new(all));
        Ok(())
    }

    /// Swaps the book for its next state.
    pub(super) fn change(&self, edit: impl FnOnce(&mut Book)) {
        let _turn = self.swapping.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Book::clone(&self.current.load());
        edit(&mut next);
        next.revision = next.revision.saturating_add(1);
        self.current.store(Arc::new(next));
    }
}

/// Reloads of one part, one after the other. A reload that begins after a write shows it, so it
/// serves everybody who was waiting when it began.
#[derive(Default)]
struct Turns {
    asked: AtomicU64,
    served: tokio::sync::Mutex<u64>,
}

impl Turns {
    async fn once(&self, reload: impl AsyncFnOnce() -> Result<(), DbError>) -> Result<(), DbError> {
        let mine = self.asked.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let mut served = self.served.lock().await;
        if *served >= mine {
            return Ok(());
        }
        let upto = self.asked.load(Ordering::SeqCst);
        reload().await?;
        *served = upto;
        Ok(())
    }
}
