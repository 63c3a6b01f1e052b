using System.Globalization;

namespace TinyWorker.Examples;

internal static class Culture
{
    public static async Task RunAsync()
    {
        // <sample>
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";

        CultureInfo.CurrentCulture = comma;                  // the submitter's
        await using var texts = new TinyTroupe<double, string>(x => x.ToString());
        await using var flowing = new TinyTroupe<double, string>(x => x.ToString(), new() { FlowExecutionContext = true });
        Console.WriteLine(await texts.CallAsync(1.5));       // of the worker, which has not heard of it
        Console.WriteLine(await flowing.CallAsync(1.5));     // of the submitter

        CultureInfo.DefaultThreadCurrentCulture = comma;     // once, at the start of Main: the whole program's
        await using var later = new TinyTroupe<double, string>(x => x.ToString());
        await using var elsewhere = new TinyTroupe<double, string>(x => x.ToString(), new ProcessTroupeOptions { Workers = 1 });
        Console.WriteLine(await later.CallAsync(1.5));
        Console.WriteLine(await elsewhere.CallAsync(1.5));   // in a process, too
        // </sample>
    }
}
