"""What tests share: worlds, fakes as strict as the real thing, samples."""
