//! Imports: mappings, second files, the files themselves, and the rows that were rejected.
//!
//! | a run           | `crates/http/src/flows/imports/mod.rs`     |
//! | mappings        | `crates/documents/src/import/mapping.rs`   |
//! | rows            | `crates/persistence/src/imports/mod.rs`    |

mod errors;
mod files;
mod mappings;
mod receive;
mod start;

use utoipa_actix_web::service_config::ServiceConfig;

/// All operations of imports.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(mappings::put_import_mapping)
        .service(mappings::find_import_mapping)
        .service(mappings::list_import_mappings)
        .service(start::put_import_file)
        .service(files::list_import_files)
        .service(files::remove_import_file)
        .service(start::start_import)
        .service(errors::list_import_errors);
}

/// Whether a text can name a mapping or a file: 1 to 64 letters, digits, `.`, `_` and `-`.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}
