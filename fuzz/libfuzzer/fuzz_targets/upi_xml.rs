#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::account_payment::upi_xml(data));
