# What the screens say in English. The same names stand in every catalogue.
paiza = Paiza
skip = Skip to the content
sandbox-note = { $count ->
    [one] One party runs on this machine. No real money, no real cards.
   *[other] { $count } parties run on this machine. No real money, no real cards.
}
language = Language
theme = Theme
theme-system = As the system
theme-light = Light
theme-dark = Dark
apply = Apply
start-title = Hold the phone to the terminal. Watch it travel.
start-lead = Every party of a card payment runs here, with its own keys, its own books and its own address.
story-title = What to try
story-amount = Type an amount at the terminal, or begin a payment with the button above.
story-tap = Add one of the cards below to a phone, then hold the phone to the terminal’s reader.
story-see = Open the console: it shows which way the payment went, and what every party was told. The link is printed where Paiza was started.
story-back = Take the payment back at the terminal, under Payments, and see the reversal travel.
start-console = Console
start-tap = Begin a payment in the shop
screen-phone = { $name }, phone
screen-terminal = { $name }, terminal
screen-phone-does = A phone with its own keys. Add a card below, then hold it to the reader.
screen-terminal-does = A tap is a few APDUs, then one ISO 8583 message and its answer.
parties = Parties
party = Party
address = Address
sees = What it sees
party-platform = Token service
party-telephone = Telephone network
party-acquirer = Acquirer
party-network = Card network
party-gateway = Token gateway
party-issuer = { $bank }, bank
party-desk = { $bank }, desk
sees-token = Token
sees-both = Token and card
sees-card = Card
sees-nothing = Neither
sees-texts = Text messages
try-shell = Try it from a shell
try-lead = Each line is a party of its own and speaks the real messages.
cards-title = Cards to try
cards-lead = The banks are sandbox banks, their numbers are test numbers.
card-named = { $bank } card
lost-title = Lost phone
lost-link = Lost phone
lost-lead = All cards on your phones stop paying at once. You need the recovery code you were shown when you set the first phone up.
lost-number = Telephone number
lost-number-hint = With the country code, for example +8613800000001
lost-code = Recovery code
lost-code-hint = Sixteen letters and digits
lost-submit = Stop all cards
lost-done = { $count ->
    [0] No card was left to stop.
    [one] One card has stopped paying.
   *[other] { $count } cards have stopped paying.
}
lost-done-next = They stay where they are. When you have a phone again, resume them there, or ask your bank.
lost-failed = This did not work
lost-failed-next = The number and the code do not belong together, or were tried too often. Nothing was changed. Check both, or ask your bank.
try-again = Try again
refused-title = This was asked from elsewhere
refused-next = Nothing was done. Open this page by its own address on this machine.
styleguide = Style guide
guide-lead = Everything the screens are made of, in both themes and all languages.
guide-colour = Colour
guide-type = Type
guide-buttons = Buttons
guide-chips = Chips
guide-fields = Fields
guide-ends = One tablet, three ends
guide-banners = Banners
guide-icons = Icons
guide-art = Card art
guide-money = Money
type-money = Amount
type-title = One sentence says what happened
type-heading = Heading of a section
type-body = Then one sentence says where the money is, and what happens next.
type-label = Label above a field
type-caption = Second line, never smaller than twelve pixels
button-pay = Pay { $amount }
button-continue = Continue
button-nothing = Send nothing
button-remove = Remove
button-checking = Checking…
chip-paid = Paid
chip-checked = Being checked
chip-not-paid = Not paid
chip-refunded = Refunded
chip-attention = Needs you
chip-paused = Paused
field-amount = Amount
field-error = Today up to { $amount }
end-done = Whole and filled: done
end-unknown = Dashed: not known yet
end-not-done = Broken: did not happen
end-empty = Outlined: nothing here yet
banner-wait = Being checked
banner-wait-next = Done or back by Monday. Nothing to do.
banner-warn = First payment to this shop
banner-warn-next = Check the name on the counter.
banner-bad = The bank does not answer
banner-bad-next = Other cards work.
banner-ok = All books add up
banner-ok-next = Nothing is lost and nothing is there twice.
art-checking = Checking
art-paused = Paused
art-product = Everyday debit
art-lying = In the wallet a card
art-held = Held up, a tablet
money-cny = { $majorWords } yuan{ $minor ->
    [0] { "" }
   *[other] { " " }{ $minorWords } fen
}
money-inr = { $major ->
    [one] { $majorWords } rupee
   *[other] { $majorWords } rupees
}{ $minor ->
    [0] { "" }
    [one] { " " }{ $minorWords } paisa
   *[other] { " " }{ $minorWords } paise
}
money-jpy = { $majorWords } yen{ $minor ->
   *[other] { "" }
}
money-kwd = { $majorWords } dinar{ $minor ->
    [0] { "" }
   *[other] { " " }{ $minorWords } fils
}
reference-name = Paiza API
reference-menu = Reference
reference-back = Start page
