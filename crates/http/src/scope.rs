//! What a credential may do: one closed list, and a type per scope so that a handler names its own.

macro_rules! scopes {
    ($($name:ident = $word:literal),* $(,)?) => {
        /// A permission of the closed list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope { $($name),* }

        impl Scope {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)* _ => None }
            }
        }

        /// One marker type per scope, for [`crate::tenant::Tenant`].
        pub mod need {
            $(
                #[derive(Debug, Clone, Copy)]
                pub struct $name;
                impl super::Needed for $name {
                    const SCOPE: super::Scope = super::Scope::$name;
                }
            )*
        }
    };
}

/// A scope as a type.
pub trait Needed: 'static {
    const SCOPE: Scope;
}

scopes! {
    CustomersRead = "customers:read",
    CustomersWrite = "customers:write",
    CustomersDelegate = "customers:delegate",
    ProductsRead = "products:read",
    ProductsWrite = "products:write",
    FactsRead = "facts:read",
    FactsWrite = "facts:write",
    ImportsWrite = "imports:write",
    ModelsRead = "models:read",
    ModelsWrite = "models:write",
    ModelsPublish = "models:publish",
    PoliciesRead = "policies:read",
    PoliciesWrite = "policies:write",
    PoliciesPublish = "policies:publish",
    EvaluationsRead = "evaluations:read",
    EvaluationsRun = "evaluations:run",
    EvaluationsOverride = "evaluations:override",
    DiscountsDecide = "discounts:decide",
    DiscountsApprove = "discounts:approve",
    CreditRead = "credit:read",
    CreditAuthorize = "credit:authorize",
    CreditOverride = "credit:override",
    RoutingRead = "routing:read",
    CostsRead = "costs:read",
    EventsRead = "events:read",
    AuditRead = "audit:read",
    Admin = "admin",
}
