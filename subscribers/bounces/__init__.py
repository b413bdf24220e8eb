"""What comes back after mail was sent: reports, complaints, automatic answers, wishes to leave, replies by people."""
