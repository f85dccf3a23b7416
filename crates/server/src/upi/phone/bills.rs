//! Bills and recharges, on the phone's side.

use super::{UpiPhone, UpiPhoneError};
use crate::upi::app::{BillPaid, BillerShown, NewBill, NewBillPayment, NewRecharge, Shown};
use psp::bills::{Bill, BillPayment, BillState};
use psp::records::{LinkedAccount, PaymentState};
use std::time::Duration;
use upi::credential::{self, Purpose, Secret};
use values::{Money, SecretBytes};

impl UpiPhone {
    /// Who takes bills.
    pub fn billers(&self) -> Result<Vec<BillerShown>, UpiPhoneError> {
        self.get("/v1/upi/billers")
    }

    /// What is due at a biller.
    pub fn fetch_bill(&self, biller: &str, parameters: &[(String, String)]) -> Result<Bill, UpiPhoneError> {
        let new = NewBill { biller: biller.to_owned(), parameters: parameters.to_vec() };
        self.post("/v1/upi/bills", &new)
    }

    /// A plan for a prepaid number, to be looked at and paid as a bill is.
    pub fn choose_plan(
        &self,
        biller: &str,
        parameters: &[(String, String)],
        plan: &str,
    ) -> Result<Bill, UpiPhoneError> {
        let (biller, plan) = (biller.to_owned(), plan.to_owned());
        self.post("/v1/upi/recharges", &NewRecharge { biller, parameters: parameters.to_vec(), plan })
    }

    /// A bill that was asked for, as the biller said it.
    pub fn bill(&self, id: &str) -> Result<Bill, UpiPhoneError> {
        self.look(&format!("/v1/upi/bills/{id}"))
    }

    /// An order to pay a bill, with the PIN sealed for it and nothing else.
    pub fn bill_order(
        &self,
        account: &LinkedAccount,
        bill: &Bill,
        amount: Money,
        pin: &SecretBytes,
    ) -> Result<NewBillPayment, UpiPhoneError> {
        let transaction = self.transaction();
        let purpose =
            Purpose { transaction: transaction.clone(), paise: amount.minor(), payee: bill.payee.clone() };
        let bank = self.bank_key(&account.ifsc)?;
        Ok(NewBillPayment {
            transaction,
            account: account.reference.clone(),
            amount: amount.to_decimal(),
            pin: credential::seal(Secret::Pin, pin.expose(), &purpose, &bank),
        })
    }

    /// Sends an order to pay a bill; the payment as it stands then. Sent again it is the same payment.
    pub fn pay_bill(&self, bill: &str, order: &NewBillPayment) -> Result<Shown, UpiPhoneError> {
        self.post(&format!("/v1/upi/bills/{bill}"), order)
    }

    /// What became of a bill that was paid, by its transaction.
    pub fn bill_paid(&self, transaction: &str) -> Result<BillPaid, UpiPhoneError> {
        self.look(&format!("/v1/upi/payments/{transaction}/bill"))
    }

    /// Looks at it until the biller or the bank said how it ended, or for as long as the person looks at the screen.
    pub fn see_bill_end(&self, transaction: &str, patience: Duration) -> Result<BillPaid, UpiPhoneError> {
        let waits = |paid: &BillPaid| match paid.bill.state {
            BillState::Paying => paid.payment.payment.state == PaymentState::Pending,
            BillState::Telling | BillState::Refunding => true,
            BillState::NotPaid | BillState::Confirmed | BillState::Refunded => false,
        };
        super::see(patience, || self.bill_paid(transaction), waits)
    }

    /// The bills that were paid, the newest first.
    pub fn bills_paid(&self) -> Result<Vec<BillPayment>, UpiPhoneError> {
        self.get("/v1/upi/bills")
    }
}
