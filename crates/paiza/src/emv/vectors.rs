//! `paiza emv vectors FILE`: any file of known answers, computed again by the product's own code.
//!
//! The file is a JSON object whose `vectors` each have `id`, `kind`, `input` and `output`. Every output a
//! vector names is compared. Kinds nobody here computes are named and counted, and fail nothing by themselves.

use super::fields::{Fields, Outcome};
use super::{blocks, cryptograms, messages};
use crate::output::{Failure, Output};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Computes one vector by the product's own code.
type Runner = fn(&Fields<'_>) -> Outcome;

/// Who computes which kind. The vector's own `profile` decides nothing: the kind names it.
const RUNNERS: &[(&str, Runner)] = &[
    ("tdes_kcv", blocks::tdes_kcv),
    ("icc_mk_option_a", cryptograms::card_key_option_a),
    ("icc_mk_option_b", cryptograms::card_key_option_b),
    ("emv_common_session_key", cryptograms::common_session_key),
    ("emv2000_tree_session_key", cryptograms::tree_session_key),
    ("visa_sm_session_key", cryptograms::visa_secure_messaging_key),
    ("arpc_method_1", cryptograms::response_method_1),
    ("arpc_method_2", cryptograms::response_method_2),
    ("visa_cvn10", cryptograms::visa_10),
    ("visa_cvn18", cryptograms::visa_18),
    ("mc_cvn16_skd", cryptograms::mastercard_16),
    ("mc_cvn20_csk", cryptograms::mastercard_20),
    ("unionpay_cvn01_3des", cryptograms::union_pay_01_triple_des),
    ("unionpay_cvn17_3des", cryptograms::union_pay_17_triple_des),
    ("unionpay_cvn01_sm4", cryptograms::union_pay_01_sm4),
    ("unionpay_cvn17_sm4", cryptograms::union_pay_17_sm4),
    ("unionpay_cvn01_published", cryptograms::union_pay_published),
    ("unionpay_script_mac_3des", cryptograms::script_mac_triple_des),
    ("unionpay_script_mac_sm4", cryptograms::script_mac_sm4),
    ("unionpay_idd_mac", cryptograms::discretionary_mac),
    ("pin_block_iso0", blocks::pin_block_iso0),
    ("pin_block_iso0_enc", blocks::pin_block_iso0_enciphered),
    ("pin_block_iso4_decipher", blocks::pin_block_iso4),
    ("tr31_unwrap", blocks::tr31_unwrap),
    ("retail_mac", blocks::retail_mac),
    ("cvv", blocks::cvv),
    ("pvv", blocks::pvv),
    ("sm4_block", blocks::sm4_block),
    ("dol_build", messages::dol_build),
    ("emvco_mpm_crc", messages::merchant_code),
    ("emvco_mpm_published", messages::merchant_code),
    ("emvco_cpm", messages::consumer_code),
    ("fdda_v01_rsa", messages::fast_dda),
    ("iso8583_net", messages::iso8583_net),
    ("iso8583_pos", messages::iso8583_pos),
];

/// What became of the vectors of one kind.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
    unknown: u32,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.unknown += other.unknown;
    }
}

pub(crate) fn run(file: &Path, output: Output) -> Result<(), Failure> {
    let text = std::fs::read(file)
        .map_err(|why| Failure::configuration(format!("cannot read {}: {why}", file.display())))?;
    let content: Value = serde_json::from_slice(&text)
        .map_err(|why| Failure::configuration(format!("{} is not JSON: {why}", file.display())))?;
    // A bare list of vectors is as good as an object that holds one.
    let vectors = content.get("vectors").unwrap_or(&content).as_array();
    let vectors = vectors
        .ok_or_else(|| Failure::configuration(format!("{} has no list named \"vectors\"", file.display())))?;

    let mut kinds: BTreeMap<&str, Tally> = BTreeMap::new();
    for vector in vectors {
        let kind = vector["kind"].as_str().unwrap_or("(no kind)");
        let tally = kinds.entry(kind).or_default();
        report(vector, kind, tally, output);
    }
    let mut all = Tally::default();
    for (kind, tally) in &kinds {
        all.add(tally);
        let unknown = if tally.unknown > 0 { format!(", {} unknown", tally.unknown) } else { String::new() };
        output.line(format!("{kind:<26} {} passed, {} failed{unknown}", tally.passed, tally.failed));
    }
    conclude(&all, &kinds, output)
}

/// One vector: computed, compared, and told if it is not as it should be.
fn report(vector: &Value, kind: &str, tally: &mut Tally, output: Output) {
    let id = vector["id"].as_str().unwrap_or("(no id)");
    let Some((_, runner)) = RUNNERS.iter().find(|(name, _)| *name == kind) else {
        tally.unknown += 1;
        let reason = format!("unknown kind {kind}");
        output.row(&json!({ "id": vector["id"], "kind": kind, "ok": null, "reason": reason }));
        return output.line(format!("{id}: {reason}"));
    };
    match runner(&Fields(&vector["input"])).and_then(|made| made.compare(&vector["output"])) {
        Ok(()) => {
            tally.passed += 1;
            output.row(&json!({ "id": vector["id"], "kind": kind, "ok": true, "reason": null }));
        }
        Err(reason) => {
            tally.failed += 1;
            output.row(&json!({ "id": vector["id"], "kind": kind, "ok": false, "reason": reason }));
            output.line(format!("{id}: FAILED {kind}: {reason}"));
        }
    }
}

fn conclude(all: &Tally, kinds: &BTreeMap<&str, Tally>, output: Output) -> Result<(), Failure> {
    let &Tally { passed, failed, unknown } = all;
    let nothing_ran = passed + failed == 0;
    let unknown_kinds: Vec<_> =
        kinds.iter().filter(|(_, tally)| tally.unknown > 0).map(|(kind, _)| kind).collect();
    output.line(format!("{passed} passed, {failed} failed, {unknown} of unknown kinds"));
    let summary =
        json!({ "passed": passed, "failed": failed, "unknown": unknown, "unknown_kinds": unknown_kinds });
    if nothing_ran {
        return Err(Failure::business("no vector of a known kind was in the file").with(summary));
    }
    if failed > 0 {
        return Err(Failure::business(format!("{failed} known answers differ")).with(summary));
    }
    output.summary(summary);
    Ok(())
}
