//! Every no of this room, with its code.

/// Why something was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such phone.
    #[error("this phone is not registered")]
    DeviceUnknown,
    /// It has not proved a number, or another phone took its place.
    #[error("this phone is not bound to a number")]
    DeviceNotBound,
    /// The token of a binding is in use: the draw repeated itself.
    #[error("the binding could not begin; try again")]
    BindingTaken,
    /// Not an account that was linked.
    #[error("this account is not linked")]
    AccountUnknown,
    /// Not one of the accounts that the bank listed.
    #[error("the bank did not list this account")]
    AccountNotListed,
    /// Somebody has it, or had it.
    #[error("this address is taken")]
    AddressTaken,
    /// Not an address that can be made here.
    #[error("an address is 3 to 50 letters, digits, dots, hyphens or underscores, @ and a handle of ours")]
    AddressInvalid,
    /// Nobody can pay without one.
    #[error("make an address first")]
    AddressMissing,
    /// The customer blocked it.
    #[error("this address is blocked; unblock it first")]
    AddressBlocked,
    /// The customer never had to do with it.
    #[error("only who was asked for money by an address, paid it or was paid by it reports it")]
    NothingToReport,
    /// It is the only one.
    #[error("the only address cannot be given up")]
    AddressLast,
    /// It was paid, or is being paid.
    #[error("this bill is paid")]
    BillPaid,
    /// The shares are not 1 to 20 people, each with a name, or do not sum to the whole.
    #[error("shares are 1 to 20 people with names, and sum to the whole")]
    SharesInvalid,
    /// Too long ago.
    #[error("this bill was asked for too long ago; ask again")]
    BillOver,
    /// Not a branch code.
    #[error("not a branch code")]
    BranchInvalid,
    /// Not the name of a transaction, or not one of ours.
    #[error("not a transaction of this provider")]
    TransactionInvalid,
    /// It is another customer's, or of another payment.
    #[error("this transaction is in use for something else")]
    TransactionUsed,
    /// Nothing, or more than a payment may be.
    #[error("an amount is above zero")]
    AmountInvalid,
    /// Too long, or with characters that are not written.
    #[error("a note has 1 to 50 letters, digits and blanks")]
    NoteInvalid,
    /// A mode, purpose or reference that no payment of a phone has.
    #[error("a phone does not pay what this link asks for")]
    LinkUnusable,
    /// Only the holder of a current account, with a name and a category, is a merchant.
    #[error("a merchant has a current account as the first one, a name and a category")]
    NotAMerchant,
    /// Nobody has it here.
    #[error("nobody has this address here")]
    AddressUnknown,
    /// One of the two belongs to another.
    #[error("the merchant is paid at another address, or the address belongs to another merchant")]
    MerchantTied,
    /// A request waits 1 to 64800 minutes.
    #[error("a request waits 1 to 64800 minutes")]
    TimeInvalid,
    /// Not a payment that was received, or more than is left of it.
    #[error("only what a payment brought is given back, and that once")]
    RefundTooMuch,
    /// That cannot be claimed of this payment, or not any more.
    #[error("that cannot be claimed of this payment")]
    NothingToDispute,
    /// The dispute stands where that cannot be done.
    #[error("this cannot be done where the dispute stands")]
    DisputeNotNow,
    /// It was decided before, or its time is over.
    #[error("this request is over")]
    RequestOver,
    /// The network allows this only so often in a day.
    #[error("asked too often today")]
    TooOften,
    /// Not what a mandate may say.
    #[error("{0}")]
    MandateTerms(upi::mandate::Unusable),
    /// It is not in a state in which that can be done, or not this side's to do.
    #[error("this mandate is not one with which that can be done now")]
    MandateOver,
    /// It was approved as one that its payer does not take back.
    #[error("this mandate cannot be revoked by its payer")]
    MandateStays,
    /// The next debit was presented before, with another amount or in vain.
    #[error("the next debit was presented before")]
    DebitPresented,
    /// The mandate has no days left on which a debit could be made.
    #[error("no debit is due any more that could be announced in time")]
    NoDebitDue,
    /// This number has no open purse.
    #[error("there is no open purse")]
    NoPurse,
    /// This number has one.
    #[error("there is a purse already")]
    PurseOpen,
    /// No such question or payment of this customer.
    #[error("there is no such thing")]
    NotFound,
}

impl Refusal {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Refusal::DeviceUnknown => "device_unknown",
            Refusal::DeviceNotBound => "device_not_bound",
            Refusal::BindingTaken => "binding_taken",
            Refusal::AccountUnknown => "account_unknown",
            Refusal::AccountNotListed => "account_not_listed",
            Refusal::AddressTaken => "address_taken",
            Refusal::AddressInvalid => "address_invalid",
            Refusal::AddressMissing => "address_missing",
            Refusal::AddressBlocked => "address_blocked",
            Refusal::NothingToReport => "nothing_to_report",
            Refusal::AddressLast => "address_last",
            Refusal::BillPaid => "bill_paid",
            Refusal::BillOver => "bill_over",
            Refusal::SharesInvalid => "shares_invalid",
            Refusal::BranchInvalid => "branch_invalid",
            Refusal::TransactionInvalid => "transaction_invalid",
            Refusal::TransactionUsed => "transaction_used",
            Refusal::AmountInvalid => "amount_invalid",
            Refusal::NoteInvalid => "note_invalid",
            Refusal::LinkUnusable => "link_unusable",
            Refusal::NotAMerchant => "not_a_merchant",
            Refusal::AddressUnknown => "address_unknown",
            Refusal::MerchantTied => "merchant_tied",
            Refusal::TimeInvalid => "time_invalid",
            Refusal::RefundTooMuch => "refund_too_much",
            Refusal::NothingToDispute => "nothing_to_dispute",
            Refusal::DisputeNotNow => "dispute_not_now",
            Refusal::RequestOver => "request_over",
            Refusal::TooOften => "too_often",
            Refusal::MandateTerms(_) => "mandate_terms",
            Refusal::MandateOver => "mandate_over",
            Refusal::MandateStays => "mandate_stays",
            Refusal::DebitPresented => "debit_presented",
            Refusal::NoDebitDue => "no_debit_due",
            Refusal::NoPurse => "no_purse",
            Refusal::PurseOpen => "purse_open",
            Refusal::NotFound => "not_found",
        }
    }
}
