//! The tables, one file each, columns only. Nothing outside this crate sees them.

pub mod contact;
pub mod contact_personal;
pub mod customer_history;
pub mod customer_key;
pub mod customer_personal;
pub mod customer_profile;
pub mod customer_state;
pub mod document;
pub mod evaluation;
pub mod exchange_rate;
pub mod external_id;
pub mod fact;
pub mod fact_note;
pub mod idempotency;
pub mod import_mapping;
pub mod job;
pub mod journal;
pub mod key_material;
pub mod open_item;
pub mod phone;
pub mod product;
pub mod product_cost;
pub mod receivables;
pub mod rollup;
