using System.Diagnostics;
using TinyWorker.Processes.Functions;

namespace TinyWorker.Tests.Processes.Functions;

/// <summary>
/// Another process with the assemblies of this one, which rebuilds functions and calls them. It is this test project again,
/// whose start-up hook takes over before any Main.
/// </summary>
internal sealed class FunctionChild : IDisposable
{
    public const string Variable = "TINYWORKER_TEST_FUNCTIONS";

    private readonly Process _process;

    public FunctionChild()
    {
        var path = typeof(FunctionChild).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", ["exec", path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { [Variable] = "1", ["DOTNET_STARTUP_HOOKS"] = path },
        };
        _process = Process.Start(start)!;
    }

    public int Id => _process.Id;

    /// <summary>The result of the function in the other process, or the message of its exception.</summary>
    public string Call(Func<string, string> function, string input)
    {
        var bytes = TravellingFunction.Describe(function, nameof(function)).Bytes;
        string? answer = null;
        Within.Time(() =>
        {
            _process.StandardInput.WriteLine(Convert.ToBase64String(bytes));
            _process.StandardInput.WriteLine(input);
            answer = _process.StandardOutput.ReadLine();
        }, "the call in the child");
        return answer ?? throw new AssertionException("The child is gone.");
    }

    /// <summary>What the other process does.</summary>
    public static void Serve()
    {
        while (Console.In.ReadLine() is { } bytes)
        {
            var input = Console.In.ReadLine()!;
            try
            {
                var function = (Func<string, string>)TravellingFunction.Rebuild(Convert.FromBase64String(bytes));
                Console.Out.WriteLine(function(input));
            }
            catch (Exception e)
            {
                Console.Out.WriteLine("ERROR " + e.Message.ReplaceLineEndings(" "));
            }
        }
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(Within.Deadline)) _process.Kill();
        _process.Dispose();
    }
}
