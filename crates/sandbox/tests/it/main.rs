//! The sandbox by its behaviour: messages in, messages and books out.
mod attacks;
mod bank;
mod city;
mod codes;
mod disputes;
mod enrolments;
mod hostile;
mod payments;
mod replaced;
mod switching;
