//! How is a table of fields given a name, under which routes take and describe it?

/// Bodies that hold the fields of a table.
macro_rules! bodies {
    ($($name:ident: $properties:expr $(, $about:literal)?;)+) => {$(
        pub struct $name;

        impl $name {
            pub const PROPERTIES: &[openmemory_domain::request::Property] = $properties;
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::RefOr::T($crate::openapi::object(Self::PROPERTIES, concat!($($about)?)).into())
            }
        }

        impl utoipa::ToSchema for $name {}
    )+};
}

/// Parameters that are the fields of a table. `passes_over` says which others mean nothing, instead of being refused.
macro_rules! queries {
    ($($name:ident: $properties:expr $(, passes_over: $passes_over:expr)?;)+) => {$(
        pub struct $name;

        impl $crate::http::Parameters for $name {
            const PROPERTIES: &'static [openmemory_domain::request::Property] = $properties;
            $(
                fn passes_over(name: &str) -> bool {
                    let passes_over: fn(&str) -> bool = $passes_over;
                    passes_over(name)
                }
            )?
        }

        impl utoipa::IntoParams for $name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                $crate::openapi::parameters(<Self as $crate::http::Parameters>::PROPERTIES)
            }
        }
    )+};
}

pub(crate) use {bodies, queries};
