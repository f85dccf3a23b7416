//! Every cipher, MAC, signature and key derivation of Paiza.
