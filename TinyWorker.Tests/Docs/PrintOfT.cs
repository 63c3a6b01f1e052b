using OpenTelemetry;

namespace TinyWorker.Tests.Docs;

// <sample>
internal sealed class Print<T>(Func<T, string> describe) : BaseExporter<T>
    where T : class
{
    public override ExportResult Export(in Batch<T> batch)
    {
        foreach (var item in batch) Console.WriteLine(describe(item));
        return ExportResult.Success;
    }
}
// </sample>
