# What the phone says in English. The same names stand in every catalogue.
back = Back
close = Close
done = Done
all = All
tabs = Places of the phone
tab-home = Home
tab-history = History
tab-inbox = Messages
tab-you = You
lock-now = Lock
inbox-unread = { $count ->
    [one] One unread message
   *[other] { $count } unread messages
}
welcome-title = Set up this phone
welcome-lead = Your number is how banks and shops reach you. We send it one code.
welcome-number = Telephone number
welcome-name = What do you call this phone?
welcome-name-hint = You see it in the list of your devices.
welcome-default-name = My phone
welcome-promise = Keys are made here and never leave this phone.
welcome-wrong-number = Type the number with its country code, for example +8613800000001.
welcome-unreachable = The token service does not answer. Nothing was sent. Try again in a moment.
welcome-too-many = Too many codes were sent to this number. Try again later.
passcode-bar = Passcode
passcode-title = Choose a passcode
passcode-lead = It opens this phone, and every payment. It stays here: nobody else knows it or can tell it to you.
passcode-label = Passcode
passcode-hint = Six characters or more. Digits are enough.
passcode-again = The same once more
passcode-short = A passcode has 6 to 64 characters.
passcode-simple = This one is among the first that a thief tries. Choose another.
passcode-yours = This is part of your telephone number. Choose another.
passcode-differs = The two did not match.
code-bar = Your number
code-title = Enter the code we sent
code-lead = By message to { $number }. Good for three minutes. Nobody from Paiza ever asks for it.
code-label = Six digits
code-waiting = The message is on its way.
code-look = Look again
code-again = Send a new code
code-submit = Confirm number
code-wrong-plain = The code did not match. Check it and try again.
code-void = This code no longer counts. Send a new one.
recovery-title = This phone is yours
recovery-lead = If you lose it, this code stops all your cards from any browser. Write it down and keep it elsewhere. It is shown only now.
recovery-where = Used at
recovery-kept = I have written it down
recovery-had = The recovery code you got with your first phone stops the cards of this one too.
unlock-title = Enter your passcode
unlock-pay = Enter your passcode to pay
unlock-submit = Unlock
unlock-forgot = Lost phone or passcode
unlock-wrong = The passcode did not match. { $tries ->
    [one] One try is left. After it, this phone forgets its keys.
   *[other] { $tries } tries are left.
}
unlock-wait = The passcode was wrong too often. Try again at { $time }.
unlock-gone = The passcode was wrong too often. This phone has forgotten its keys and cannot pay. Its cards can be stopped with the recovery code.
gone-title = This phone has locked itself for good
gone-next = Set it up again with your number and a new passcode, then add your cards again. Nothing can be paid with it until then.
gone-submit = Remove its cards and start again
pin-entered = # entered
pin-back = Delete the last one
home-title = Cards
home-add = Add a card
home-tap = Tap
home-scan = Scan
home-pay = Pay
home-receive = Receive
home-known = People and shops
home-cards = Your cards
home-recent = Paid and received
home-nothing-paid = What you pay appears here.
home-empty = No card yet
home-empty-next = Add a bank card, then hold this phone near any reader to pay.
home-pending = Still being checked. Nothing to do.
home-pending-many = { $count } payments
card-label = { $bank } card ending
card-active = Active
card-paused = Paused
card-stopped = Stopped
card-first-short = Tapped first
card-first = Use first when I tap
card-first-note = Comes up as soon as you hold the phone near a reader
card-number-phone = Number on this phone
card-number-card = Number on the card
card-valid = Card valid until { $month }
card-keys = { $count ->
    [0] No payment left without a network
    [one] One payment left without a network
   *[other] { $count } payments left without a network
}
card-keys-note = Each tap uses up one key. New ones come by themselves.
card-arrange = Name and place
card-nickname = What you call it
card-nickname-save = Save the name
card-up = Move up in the list
card-nothing-paid = Nothing was paid with this card on this phone.
card-pause = Pause
card-resume = Resume
card-note-paused = Paused. This card cannot pay until you resume it.
card-note-resumed = Resumed. This card pays again.
card-note-first = This card is tapped first now.
card-note-named = The name is saved.
card-note-moved = Moved up.
card-note-later = Done on this phone. The token service is told as soon as it can be reached.
card-note-refused = This did not work. Nothing was changed.
remove-title = Remove this card from this phone?
remove-lead = It stops paying here at once, also without a network. The card itself and your account stay as they are.
remove-keep = Keep it
add-title = Add a card
add-not-yet = Not added yet
add-number = Card number
add-check-number = Number is complete and its check digit is right
add-check-bank = This bank lets phones pay with a token
add-check-known = { $bank }, { $product }
add-expiry = Valid until
add-security = Security code
add-other-phone = My bank knows another telephone number
add-bank-phone = Telephone number at the bank
add-promise = Shops never get this number. They get a token that works only on this phone.
add-next = Next: your bank decides how to check it is you
add-asking = Asking your bank…
add-wrong-number = This is not a card number: a digit is missing or wrong.
add-wrong-bank = No bank that takes part has this number.
add-wrong-expiry = Month and year as on the card, for example 12 / 30.
add-past-expiry = This card has expired.
add-wrong-security = Three or four digits from the back of the card.
add-nothing-sent = Nothing was added.
add-unreachable = The token service does not answer.
add-bank-silent = Your bank does not answer. Try again in a moment.
verify-title = Check it is you
verify-not-active = , not active yet
verify-choose = How should { $bank } check it is you?
verify-choose-lead = Your bank chose these ways. Nobody can choose a weaker one.
verify-ways = { $bank } allows
verify-message = Code by message
verify-again = Send a new code
verify-enter = Enter the code { $bank } sent you
verify-sent = By message to { $place }. Nobody from Paiza or your bank ever asks for it.
verify-good = Good for three minutes, { $tries ->
    [one] one try
   *[other] { $tries } tries
} left
verify-wrong = The code did not match. { $tries ->
    [one] One try is left.
   *[other] { $tries } tries are left.
}
verify-too-many = Too many codes were sent. Wait a while, then try again.
verify-six = A code has six digits.
verify-submit = Add this card
added-title = The card is ready
added-lead = { $bank } agreed. Hold this phone near any reader to pay.
added-see = See this card
not-added-title = Card not added
no-card-data = { $bank } does not know a card with these details.
no-card-data-next = Check number, date, security code and the telephone number your bank knows. Nothing was added.
no-card-restricted = { $bank } has stopped this card.
no-card-expired = { $bank } says this card has expired.
no-too-many = Too many cards were tried today.
no-tomorrow = Try again tomorrow. Nothing was added.
no-too-many-tokens = This card is on too many phones already.
no-full = This phone holds eight cards already.
no-full-next = Remove one, then add this one.
no-here = This card is on this phone already.
no-here-next = Nothing was changed.
no-not-supported = { $bank } does not let phones pay with this card yet.
no-code-void = The code was wrong too often, or too late.
no-code-void-next = Start again to get a new one. Nothing was added.
no-too-slow = This took too long.
no-bank-says = { $bank } did not allow this card to be added.
no-ask-bank = Your bank can say why and what to do. Nothing was added.
bank-answer = Answer
tap-unlocked = Unlocked for
tap-hold = Hold near the reader
tap-hold-next = The shop sets the amount. You see it here the moment it is paid.
tap-which = Which card
tap-checking = Being checked
tap-checking-next = The reader has your card. Its bank is being asked.
tap-unknown = Not known yet
tap-unknown-next = The shop’s terminal shows how it ended. If it was not paid, what was taken comes back by itself. Do not pay twice.
tap-paid = Paid
tap-not-paid = Not paid
tap-nothing-taken = Nothing was taken.
tap-saw = Shop saw the token •• { $digits }
tap-next-card = Next card in your order
tap-again-with = Tap again with { $bank }
tap-again = Tap again
tap-receipt = Receipt
tap-no-shop = Shop
why-time = The passcode was typed too long ago.
why-no-reader = No reader was found nearby.
why-left = The phone left the reader too early.
why-not-active = This card is paused or stopped.
why-no-key = This card has no key left. It gets new ones as soon as the token service can be reached.
why-over-limit = This is more than one tap may cost.
why-not-here = This card cannot pay at this reader.
why-failed = The phone could not write this payment down, so it sent nothing.
why-card-said-no = The card and the terminal did not agree on this payment.
why-05 = { $bank } did not allow this payment.
why-lost = { $bank } says this card was reported lost or stolen.
why-51 = { $bank } says there is not enough money in this account.
why-54 = { $bank } says this card has expired.
why-57 = { $bank } does not allow this kind of payment with this card.
why-61 = { $bank } says this is above the card’s limit.
why-62 = { $bank } has restricted this card.
why-65 = { $bank } says this card was used too often.
why-91 = { $bank } does not answer. Other cards may work.
why-amount-over-limit = This payment is over the limit of this phone’s card.
why-daily-amount-over-limit = This payment is over the limit of one day.
why-daily-count-over-limit = This card was tapped too often today.
why-token-suspended = This card is paused or stopped.
why-keys-revoked = This card was stopped for a while. Open it once, then tap again.
why-merchant-not-allowed = This card does not pay at this kind of shop.
why-currency-not-allowed = This card does not pay in this currency.
why-country-not-allowed = This card does not pay in this country.
why-verification-required = This payment needs your passcode first.
why-token-expired = The card on this phone has expired. Add it again.
why-not-allowed = The token service did not allow this payment.
history-empty = Nothing paid yet
history-empty-next = Every tap appears here, with what became of it.
history-out = Out
history-in = in
history-table = Keep as a table (CSV)
history-paper = Keep as a paper (PDF)
history-whom = Whom
history-state = How it ended
history-found = { $what }: { $words }
history-table-missing = The table would lack some of your payments. Try again later.
history-search = Name, amount or card
history-look = Search
history-filter = Which payments
history-none = Nothing found
history-none-next = No payment has these words or this amount.
history-all = Show all
history-show-all = All
history-show-out = Out
history-show-in = In
history-show-waiting = Being checked
today = Today
yesterday = Yesterday
chip-taken-back = Taken back
receipt-title = Payment
receipt-paid = Your bank approved it, and the shop has its answer.
receipt-not-paid = Nothing was taken.
receipt-back = It was taken back. The money is in your account, or on its way there.
receipt-checked = Nobody told this phone yet how it ended. If it was not paid, what was taken comes back by itself.
receipt-when = When
receipt-card = Card
receipt-saw = Shop saw the token
receipt-counter = Payment number
receipt-how = Paid by
receipt-by-tap = Tap
receipt-by-shown-code = Code on this phone, scanned by the shop
receipt-by-scanned-code = Code of the shop, scanned by this phone
row-by-tap = tap
row-by-code = code
receipt-texts = What your bank wrote
slip-share = Share this receipt
slip-title = Receipt of a payment
slip-lead = This is what you hand on. Your bank’s messages and your card number are not in it.
slip-send = Share
slip-copy = Copy
slip-copied = Copied.
slip-as-text = Text
slip-as-pdf = PDF
slip-fact = { $name }: { $what }
slip-made = Made on the phone that paid. It is no proof that goods were handed over.
paper-none = This page cannot be made
paper-no-font = No font of this machine writes all of its letters. Install fonts for them (Noto has all), or keep it as text.
inbox-look = Look for new messages
inbox-new = Unread
inbox-empty = No messages
inbox-empty-next = Codes and what your bank writes about payments come here.
inbox-unreachable = The telephone network does not answer
inbox-unreachable-next = You see what came before.
you-number = This phone’s number
you-lost-note = Stops all your cards, from any browser
you-look = Language and theme
you-clock = Clock
you-clock-note = Lists tell the time by it. A receipt says the time where you paid.
you-clock-by = Time
zone-utc = World time, UTC
zone-china = China time, UTC+8
zone-india = India time, UTC+5:30
when = { $date }, { $time } ({ $zone })
when-elsewhere = { $there }. On this phone: { $here }
devices-title = Devices
devices-note = The phones that pay with your cards
devices-lead = Each phone has its own keys and its own tokens of your cards.
devices-cards = { $count ->
    [0] no cards
    [one] one card
   *[other] { $count } cards
}
devices-since = since { $day }
devices-here = This phone
devices-lost = Reported lost
devices-stop = One of them is gone?
privacy-title = Privacy
privacy-note = What is held, who looked, take it along, leave
parties-title = Who sees what
parties-note = Of every tap, party by party
privacy-lead = A tap passes five parties. Each gets what it needs and nothing else.
privacy-phone = This phone
privacy-phone-sees = The token, one key for each tap, your messages
privacy-phone-not = Your card number: forgotten once the card was added
privacy-shop = Shop and its bank
privacy-shop-sees = The token and a proof that is good once
privacy-shop-not = Card number, name, telephone number
privacy-network = Card network
privacy-network-sees = The token and the amount
privacy-network-not = Card number, what you bought
privacy-service = Token service
privacy-service-sees = Which card number is behind the token, for one moment of each payment
privacy-service-not = Your passcode, your messages, your codes
privacy-bank = Your bank
privacy-bank-sees = The card, the amount, the shop’s name
privacy-bank-not = Where you are, what else is on this phone
privacy-promise = Messages stay on this phone. It sends none of them to anybody.
held-here = On this phone
held-there = At the token service
held-payments = Payments
held-since = Known since
held-recovery = Recovery code
held-recovery-how = As a digest from which nobody can read it
held-removed = Removed card
held-until = sealed number kept until { $day }
held-agreed = What you agreed to
held-agreed-note = Adding a card lets a token stand for its number. You end that by removing the card.
held-agreed-none = Nothing: there is no card.
held-withdraw = Withdraw
held-elsewhere = On another phone
held-looks = Who looked
held-looks-note = The people who run the platform leave a line for each look at a card, a phone or a payment of yours. Searches and lists of all customers are not told here.
held-looks-none = Nobody.
held-looks-unknown = Nobody runs a console here that could look.
held-looks-more = { $count ->
    [one] One more is in the file.
   *[other] { $count } more are in the file.
}
held-silent = The token service does not answer. You see what is on this phone.
held-file = Take it along
held-file-note = Everything on this page and behind it, as a file (JSON)
access-view = { $who } looked
access-propose = { $who } asked for a change
access-approve = { $who } approved a change
access-decline = { $who } declined a change
access-done = { $who } carried out a change
access-other = { $who } acted
leave-title = Delete everything
leave-note = Cards, this phone’s records, and what is known of you
leave-now = Deleted at once
leave-cards = { $count ->
    [0] No card is on this phone.
    [one] The card on this phone. Its bank is told.
   *[other] The { $count } cards on this phone. Their banks are told.
}
leave-phone = This phone’s name and keys at the token service; its payments, messages and keys here.
leave-account = Your addresses and linked accounts at the provider of account payment, and its binding to this phone. Leave to debit is taken back.
leave-customer = Your number and recovery code at the token service: this is your last phone. Phones reported lost go too.
leave-kept = Kept, and why
leave-kept-numbers = The sealed card numbers, for 180 days, so that refunds still arrive. Then they are forgotten.
leave-kept-earlier = Those of cards you removed before go by { $day }.
leave-kept-payments = Payments, at the shops’ bank and at yours, as long as the law wants books kept. They name a token, not you.
leave-kept-chain = The chained record of what was done, which proves that nothing was changed. Nothing can be taken out of it.
leave-kept-account = Payments by account, at the provider and the banks, as long as the law wants books kept.
leave-submit = Delete everything
leave-keep = Keep it
leave-purse-first = There is a purse. Close it first, so that its money goes back to your account.
leave-account-later = The provider of account payment did not answer. Nothing was deleted; try again.
left-title = Deleted
left-text = Your cards are deleted and this phone is nobody’s.
left-again = Set it up anew
offline-title = No answer
offline-text = The token service cannot be reached. Your cards still pay; nothing was changed.
wrong-title = This did not work
wrong-text = Nothing was changed.
missing-title = Nothing here
missing-text = This page, card or payment is not on this phone.
month-and-year = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
month-and-day = { $day } { $month ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
} { $year }
home-code = Pay by code
bycode-title = Pay by code
bycode-show = Show my code
bycode-show-lead = The shop scans it. It is good for one payment, for one minute.
bycode-show-button = Show code
bycode-scan = Scan the shop’s code
bycode-scan-lead = You see whom you pay, and approve it.
bycode-pick = Take or choose a picture
bycode-camera = Scan with the camera
bycode-finder = What the camera sees
bycode-no-camera = The camera cannot be used here. Take a picture, or type the text.
bycode-picture = Picture of the code
bycode-text = Or its text
bycode-scan-button = Look at this code
bycode-looking = Asking whose code it is
scan-not-paid = This code is not paid
scan-code-none = There is no readable code. Come closer, hold it straight, and try again.
scan-broken = It is no payment code, or a damaged one. Nothing was sent.
scan-code-checksum = Its check digits do not fit: it is damaged or was changed. Nothing was sent.
scan-code-of-another-network = It belongs to another network. Your cards cannot pay it.
scan-code-asks-for-more = It asks for a tip or a fee on top. Ask the shop for another code.
scan-code-letters = Its name has letters that only look like others. It may be a forgery. Do not pay it.
scan-code-name-differs = The name on it is not the name this shop is registered under. It may be a forgery. Do not pay it.
scan-code-currency = It asks for a currency that is not known.
scan-code-amount = What it asks for is not an amount of its currency.
scan-bill-over = This bill was paid, taken back, or is too old. Ask the shop for a new code.
scan-bill-unknown = The shop does not know this bill. Ask it for a new code.
scan-bill-amount = The amount on it is not the amount of the bill. It may be a forgery. Do not pay it.
scan-wrong-currency = It asks for another currency than the shop takes.
scan-merchant-inactive = This shop may not take payments now.
scan-wrong-amount = An amount such as 12.50
scan-passcode-missing = Your passcode approves the payment.
paycode-title = Pay
paycode-to = You pay
paycode-registered = Registered with its bank
paycode-locked = Fixed by the shop for this bill
paycode-locked-static = Fixed by the code
paycode-amount = Amount
paycode-with = With
paycode-first = You have not paid here before. Compare the name with the sign over the door.
paycode-pay = Pay { $amount }
paycode-pay-this = Pay this amount
paycode-paying = Paying
paycode-passkey = Pay with the passkey
mycode-title = Show this to the shop
mycode-lead = Once scanned, you see here how much was paid.
mycode-good-for = Good for
mycode-label = Your payment code
mycode-text = Code as text
mycode-again = Pay by code again
mycode-checking-next = The shop has your payment. Your bank is being asked.
why-code-over = Nobody scanned the code within its minute.
why-code-over-limit = It is over the limit for codes on a screen. Tap, or scan the shop’s code.
why-code-daily-over-limit = It is over today’s limit for codes on a screen. Tap, or scan the shop’s code.
why-bill-over = This bill was paid already, or taken back.
expiry-shape = MM / YY
