//! One customer's change leaves the others as they are, and older news is ignored.

use super::*;
use tiercel_persistence::book::KnownAs;

fn customer(bits: u128, version: i64, external: &str, phone: &str) -> BookCustomer {
    BookCustomer {
        id: CustomerId::from_bits(bits),
        version,
        erased: false,
        evaluated_tier: Some(format!("tier-{version}").into()),
        overrides: Vec::new(),
        approvals: Vec::new(),
        score: None,
        evaluated_as_of: None,
        model_version: None,
        owner: None,
        group: None,
        credit_limit: None,
        externals: vec![KnownAs {
            system: "erp1".into(),
            id: external.into(),
        }],
        phones: vec![MatchKey::E164(phone.to_owned())],
        invoices_known: false,
        open_items: Vec::new(),
        credit: Vec::new(),
        finance: tiercel_persistence::book::Finance::default(),
    }
}

fn book(customers: impl IntoIterator<Item = BookCustomer>) -> Book {
    let mut book = Book::default();
    customers.into_iter().for_each(|it| book.put(it));
    book
}

fn owner(book: &Book, external: &str) -> Option<u128> {
    book.by_external("erp1", external).map(|it| it.id.bits())
}

fn phone(number: &str) -> [MatchKey; 1] {
    [MatchKey::E164(number.to_owned())]
}

#[test]
fn an_update_of_one_customer_keeps_the_others() {
    let keeper = BookKeeper::holding(book([
        customer(1, 1, "A", "+491"),
        customer(2, 1, "B", "+491"),
    ]));
    let before = keeper.snapshot();
    keeper.change(|book| book.put(customer(1, 2, "C", "+492")));
    let after = keeper.snapshot();
    assert_eq!(owner(&after, "A"), None);
    assert_eq!(owner(&after, "C"), Some(1));
    assert_eq!(owner(&after, "B"), Some(2));
    let shared = phone("+491");
    assert_eq!(
        after.by_phone(&shared).map(|(_, owners)| owners.len()),
        Some(1)
    );
    assert_eq!(owner(&before, "A"), Some(1), "a snapshot never changes");
    assert_eq!(
        before.by_phone(&shared).map(|(_, owners)| owners.len()),
        Some(2)
    );
}

#[test]
fn what_is_older_than_the_book_is_ignored() {
    let mut book = book([customer(1, 5, "A", "+491")]);
    book.put(customer(1, 4, "B", "+492"));
    assert_eq!(owner(&book, "A"), Some(1));
    assert_eq!(owner(&book, "B"), None);
    book.put(customer(1, 5, "B", "+492"));
    assert_eq!(
        owner(&book, "B"),
        Some(1),
        "the same version may be whole now"
    );
}

#[test]
fn an_id_that_moves_is_found_whatever_is_told_first() {
    let mut book = book([customer(1, 5, "A", "+491")]);
    book.put(customer(2, 2, "A", "+492"));
    assert_eq!(owner(&book, "A"), Some(2));
    book.put(customer(1, 5, "A", "+491"));
    book.put(customer(1, 6, "Z", "+491"));
    assert_eq!(owner(&book, "A"), Some(2));
}

#[test]
fn an_erased_customer_is_nobody_and_stays_erased() {
    let mut erased = customer(1, 6, "A", "+491");
    erased.erased = true;
    let mut book = book([customer(1, 5, "A", "+491"), erased]);
    assert_eq!(owner(&book, "A"), None);
    assert!(book.by_phone(&phone("+491")).is_none());
    book.put(customer(1, 5, "A", "+491"));
    assert!(book.customer(CustomerId::from_bits(1)).is_none());
}

#[test]
fn the_first_key_that_anybody_has_decides() {
    let book = book([customer(1, 1, "A", "+491"), customer(2, 1, "B", "+492")]);
    let keys = ["+490", "+492", "+491"].map(|number| MatchKey::E164(number.to_owned()));
    let (key, owners) = book.by_phone(&keys).unwrap();
    assert_eq!(*key, keys[1]);
    assert_eq!(owners.first().map(|it| it.id.bits()), Some(2));
}

#[test]
fn groups_come_with_their_ancestors_and_circles_end() {
    let id = GroupId::from_bits;
    let mut member = customer(1, 1, "A", "+491");
    member.group = Some(id(3));
    let tree = [(3, Some(2)), (2, Some(1)), (1, None)];
    let mut book = Book {
        groups: Arc::new(tree.map(|(it, up)| (id(it), up.map(id))).into()),
        ..Book::default()
    };
    assert_eq!(
        book.groups_of(&member),
        BTreeSet::from([id(1), id(2), id(3)])
    );
    book.groups = Arc::new([(id(3), Some(id(2))), (id(2), Some(id(3)))].into());
    assert_eq!(book.groups_of(&member), BTreeSet::from([id(2), id(3)]));
}

#[test]
fn concurrent_changes_are_all_kept() {
    let keeper = BookKeeper::holding(Book::default());
    std::thread::scope(|scope| {
        for part in 0..4_u128 {
            let keeper = &keeper;
            scope.spawn(move || {
                for place in 0..250 {
                    let bits = part * 250 + place;
                    let external = bits.to_string();
                    keeper.change(|book| book.put(customer(bits, 1, &external, "+491")));
                }
            });
        }
    });
    let book = keeper.snapshot();
    assert_eq!(
        (0..1000)
            .filter(|bits| owner(&book, &bits.to_string()) == Some(*bits))
            .count(),
        1000
    );
}
