throw new ArgumentException("No mode yet.");
