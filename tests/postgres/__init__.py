"""Real PostgreSQL on one machine: its set-up, throwaway servers, the sample's delivered files."""
