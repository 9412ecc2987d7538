//! How do the keys and tokens of well-known services begin?

/// A beginning, the least number of characters after it, and the kind of secret.
pub(super) struct Shape {
    pub(super) prefix: &'static str,
    pub(super) least: usize,
    pub(super) kind: &'static str,
}

const fn key(prefix: &'static str, least: usize) -> Shape {
    Shape { prefix, least, kind: "key" }
}

const fn token(prefix: &'static str, least: usize) -> Shape {
    Shape { prefix, least, kind: "token" }
}

/// The longer of two beginnings comes first.
pub(super) const SHAPES: [Shape; 55] = [
    key("sk-ant-", 16),
    key("sk-proj-", 16),
    key("sk-or-", 16),
    key("sk_live_", 10),
    key("sk_test_", 10),
    key("rk_live_", 10),
    key("rk_test_", 10),
    key("pk_live_", 10),
    key("whsec_", 16),
    key("sk-", 16),
    token("github_pat_", 20),
    token("ghp_", 20),
    token("gho_", 20),
    token("ghu_", 20),
    token("ghs_", 20),
    token("ghr_", 20),
    token("glpat-", 16),
    token("gldt-", 16),
    token("glrt-", 16),
    token("xoxb-", 10),
    token("xoxp-", 10),
    token("xoxa-", 10),
    token("xoxr-", 10),
    token("xoxs-", 10),
    token("xapp-", 10),
    key("AKIA", 12),
    key("ASIA", 12),
    key("AIza", 30),
    token("ya29.", 20),
    token("npm_", 30),
    token("pypi-", 30),
    token("rubygems_", 30),
    token("dckr_pat_", 20),
    token("dop_v1_", 30),
    token("hf_", 20),
    token("shpat_", 20),
    token("shpss_", 20),
    key("SG.", 30),
    key("sq0atp-", 20),
    key("sq0csp-", 20),
    key("AGE-SECRET-KEY-", 30),
    token("dapi", 30),
    key("gsk_", 20),
    key("xai-", 20),
    token("r8_", 30),
    key("pplx-", 20),
    key("sbp_", 20),
    key("lin_api_", 20),
    key("figd_", 20),
    key("ntn_", 20),
    key("NRAK-", 20),
    key("PMAK-", 20),
    token("hvs.", 20),
    token("glsa_", 20),
    token("sntrys_", 20),
];
