//! The checks of this room by name, so that a test can take one away and see the attack succeed. In a product the
//! switch does not exist: see `values::defences`.

use values::defences::Check;

/// One check that stands between an attack and its success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defence {
    /// A binding token that came from two numbers binds to neither.
    OneSender,
    /// A binding token is good for five minutes.
    TokenLife,
    /// Another customer's address is not given away.
    AddressOwner,
    /// A bill is paid once.
    BillOnce,
    /// A bill is paid by the customer who looked at it.
    BillOwner,
    /// A bill is paid with what its biller's rule allows.
    BillAmount,
    /// What a biller said is due holds for half an hour.
    BillLife,
    /// A share is paid by a payment of exactly its amount, to who shared the bill.
    ShareAmount,
    /// The code of a merchant is paid by a payment of exactly its amount, to that merchant.
    CodeAmount,
    /// A merchant's code, payment or refund is that merchant's.
    MerchantOwner,
    /// Who reports an address was asked for money by it, paid it, or was paid by it.
    ReportDealings,
}

impl Check for Defence {
    fn place(self) -> u32 {
        self as u32
    }
}

/// Which checks stand. All of them, except in tests of attacks.
pub type Defences = values::defences::Defences<Defence>;
