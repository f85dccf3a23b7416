//! The language of tap: TLV, APDU, cryptograms, certificates, codes.
