//! Is each page of a macOS binary the one that was signed? macOS ends a process when it touches another.

use object::macho::{self, LinkeditDataCommand};
use object::read::macho::{CodeDirectory, CodeSignature};
use object::{BigEndian, Endianness};
use sha2::{Digest, Sha256};

use crate::facts::Signature;

/// Larger pages than any system has: 64 KiB.
const MAX_PAGE_BITS: u8 = 16;

pub fn verify(place: Option<&LinkeditDataCommand<Endianness>>, endian: Endianness, data: &[u8]) -> Signature {
    let Some(place) = place else { return Signature::Absent };
    let start = u64::from(place.dataoff.get(endian));
    let signature = place.code_signature(endian, data).map_err(|error| error.to_string());
    signature.and_then(|signature| verify_directories(&signature, start, data)).unwrap_or_else(Signature::Broken)
}

fn verify_directories(signature: &CodeSignature<'_>, start: u64, data: &[u8]) -> Result<Signature, String> {
    let mut verified = None;
    for blob in signature.blobs() {
        let blob = blob.map_err(|error| error.to_string())?;
        let Some(directory) = blob.code_directory().map_err(|error| error.to_string())? else { continue };
        // A second directory with SHA-1 is for systems before 10.12.
        if directory.header().hash_type != macho::CS_HASHTYPE_SHA256 {
            continue;
        }
        verify_special_slots(signature, &directory)?;
        verified = Some(verify_pages(&directory, start, data)?);
    }
    verified.ok_or_else(|| "no directory of SHA-256 hashes".to_owned())
}

fn verify_pages(directory: &CodeDirectory<'_>, start: u64, data: &[u8]) -> Result<Signature, String> {
    let header = directory.header();
    if directory.code_limit() != start {
        return Err(format!("{} bytes are signed, but the signature starts at {start}", directory.code_limit()));
    }
    if header.page_size > MAX_PAGE_BITS {
        return Err(format!("pages of 2^{} bytes", header.page_size));
    }
    let code = data.get(..start as usize).ok_or("the file ends before the signature")?;
    // 0 stands for one page as long as the file.
    let length = if header.page_size == 0 { code.len().max(1) } else { 1 << header.page_size };
    let pages = header.n_code_slots.get(BigEndian);
    let expected = code.len().div_ceil(length);
    if pages as usize != expected {
        return Err(format!("{pages} page hashes for {expected} pages"));
    }
    let mut wrong = Vec::new();
    for (page, bytes) in (0..pages).zip(code.chunks(length)) {
        let signed = directory.code_hash(page).map_err(|error| error.to_string())?;
        if Sha256::digest(bytes)[..] != *signed {
            wrong.push(page);
        }
    }
    if let Some(first) = wrong.first() {
        return Err(format!("{} of {pages} pages are not the signed ones, the first is page {first}", wrong.len()));
    }
    let adhoc = header.flags.get(BigEndian).contains(macho::CS_ADHOC);
    Ok(if adhoc { Signature::AdHoc { pages } } else { Signature::Identity { pages } })
}

/// The other blobs of the signature, such as entitlements, are signed by hashes of their own.
fn verify_special_slots(signature: &CodeSignature<'_>, directory: &CodeDirectory<'_>) -> Result<(), String> {
    let slots = directory.header().n_special_slots.get(BigEndian);
    for blob in signature.blobs() {
        let blob = blob.map_err(|error| error.to_string())?;
        if !(1..=slots).contains(&blob.slot().0) {
            continue;
        }
        let signed = directory.special_hash(blob.slot()).map_err(|error| error.to_string())?;
        if Sha256::digest(blob.data())[..] != *signed {
            return Err(format!("the blob in slot {} is not the signed one", blob.slot().0));
        }
    }
    Ok(())
}
