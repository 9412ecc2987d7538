//! What does a vector represent?

use openmemory_domain::Sector;

/// What a vector represents: bits 0 to 4 are the sectors in the order of [`Sector::ALL`], bit 5 is a passage of the
/// text. A vector may represent several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SectorMask(pub(crate) u8);

impl SectorMask {
    /// A passage of the text, whatever its sectors.
    pub const PASSAGE: Self = Self(1 << 5);

    /// A vector of each of these sectors.
    pub fn of(sectors: &[Sector]) -> Self {
        Self(sectors.iter().fold(0, |bits, sector| bits | 1 << sector.index()))
    }

    /// Everything that either represents.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two have a bit in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
