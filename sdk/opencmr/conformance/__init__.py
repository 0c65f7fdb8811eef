"""The conformance suite: any implementation, in any language, shows from outside that it keeps the protocol.

    suite      checks, and a runner that nothing stops
    wire       one HTTP request, by hand
    hand       the suite as a customer
    forge      signatures that careless libraries accept
    vendor/    what must hold for a vendor, by pages of the specification
    customer/  what must hold for a customer, and the vendor that the suite plays for it
    testmode   what a vendor under test does, so that every path can be provoked
    coverage   which requirements can be seen from outside, and where the others are tested
    report     what is written for programs

The method is described in `spec/conformance.md`.
"""
