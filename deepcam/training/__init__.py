"""Everything that makes the shipped models; torch and mediapipe, nothing here runs at a user's."""
