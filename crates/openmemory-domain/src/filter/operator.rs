//! Which operators does a filter have?

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    In,
    Nin,
    Gt,
    Gte,
    Lt,
    Lte,
    Contains,
    Icontains,
    StartsWith,
    Exists,
}

pub(super) const KNOWN: &str = "eq, ne, in, nin, gt, gte, lt, lte, contains, icontains, startsWith, exists";

impl Operator {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "in" => Self::In,
            "nin" => Self::Nin,
            "gt" => Self::Gt,
            "gte" => Self::Gte,
            "lt" => Self::Lt,
            "lte" => Self::Lte,
            "contains" => Self::Contains,
            "icontains" => Self::Icontains,
            "startsWith" => Self::StartsWith,
            "exists" => Self::Exists,
            _ => return None,
        })
    }

    pub(super) fn compares(self) -> bool {
        matches!(self, Self::Gt | Self::Gte | Self::Lt | Self::Lte)
    }
}
