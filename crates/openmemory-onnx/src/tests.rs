//! Shared fixtures of the unit tests.

/// All instruction sets that this processor supports.
pub(crate) fn instruction_sets() -> Vec<pulp::Arch> {
    let all = [pulp::Arch::Scalar, pulp::Arch::new()].into_iter();
    #[cfg(target_arch = "x86_64")]
    let all = all.chain(pulp::x86::V3::try_new().map(pulp::Arch::V3));
    all.collect()
}

/// Deterministic numbers between -1 and 1.
pub(crate) fn numbers(seed: usize, count: usize) -> Vec<f32> {
    let mut state = seed as u64 + 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}
