# What the pages of a sandbox’s test mode say in English.
test-clock = Clock
test-faults = Faults
test-clock-lead = Every party of this sandbox tells the time from this one clock. It can be moved forward, never back.
test-shows = It shows, UTC
test-state = State
test-ahead = Ahead of the machine
test-running = Running
test-frozen = Standing still
test-real = none
test-behind = { $span } behind
test-ahead-by = { $span }
test-freeze = Freeze
test-freeze-next = It stands still until it is moved or resumed. Waits on wires go on.
test-resume = Resume
test-resume-next = It runs again, from where it stands.
test-advance = Move forward
test-advance-by = By how much
test-advance-hint = Such as 90m, 12h, 30d or 1d12h. What falls due on the way is done at its own time, in order.
test-goto = Go to a moment
test-goto-to = The moment, UTC
test-goto-hint = Such as 2027-01-31 or 2027-01-31T09:30:00Z; “now” is the machine’s own time.
test-waiting = Due and not done
test-none-waiting = Everything that was due is done.
test-faults-lead = A fault strikes real messages on the wires of this sandbox, until it is switched off or the sandbox ends.
test-none-on = The wires are whole.
test-add = Add a fault
test-leg = Where
test-leg-all = all banks
test-what = What happens
test-what-hint = latency=20s, drop, duplicate, reorder, corrupt, answer=96 or partial; then perhaps p=0.3, on=answers, seed=7
test-switch-off = Switch off
test-switch-off-all = Switch all off
test-column-leg = Where
test-column-struck = Messages struck
test-wrong-span = That is no length of time: use 90m, 12h, 30d or 1d12h, at most ten years.
test-wrong-moment = That is no moment: use 2027-01-31 or 2027-01-31T09:30:00Z.
test-backwards = Time does not go back: the clock shows a later moment already.
test-too-far = The clock goes no further than the year 2098.
test-not-kept = The clock’s file cannot be written, so it was not moved.
test-wrong-fault = That is no fault: { $why }.
test-banner-moved = The clock was moved and shows { $now }
test-banner-frozen = The clock stands still at { $now }
test-banner-faults = { $count ->
    [one] One fault is on the wires
   *[other] { $count } faults are on the wires
}
test-span-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
test-span-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
test-span-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
test-span-seconds = { $count ->
    [one] 1 second
   *[other] { $count } seconds
}
