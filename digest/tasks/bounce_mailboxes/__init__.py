"""Where what comes back is fetched from: one file per kind of mailbox."""
