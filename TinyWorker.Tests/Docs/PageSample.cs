namespace TinyWorker.Tests.Docs;

/// <param name="File">The file of the example, relative to the root of the repository.</param>
/// <param name="Code">The code as the page shows it.</param>
/// <param name="Output">The output as the page shows it; null if the page shows none.</param>
internal sealed record PageSample(string File, string Code, string? Output);
