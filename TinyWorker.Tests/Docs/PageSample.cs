namespace TinyWorker.Tests.Docs;

/// <param name="File">Of the example, from the root of the repository.</param>
/// <param name="Code">As the page shows it.</param>
/// <param name="Output">What the page says that it prints; null if it does not say.</param>
internal sealed record PageSample(string File, string Code, string? Output);
