using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace TinyWorker.Dashboard.Tests.Example;

/// <summary>The example service as a process of its own, with a folder of its own for its temporary files.</summary>
internal sealed class ExampleService : IDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);   // two seconds on an idle machine

#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif
    private const string Name = "TinyWorker.Examples.Web";

    private readonly Process _process;
    private readonly Task<string> _errors;
    private Task<string>? _output;   // what follows its first line
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("tinyworker-example-");

    private ExampleService(string[] arguments)
    {
        var dotnet = Path.GetFullPath("../../../dotnet", RuntimeEnvironment.GetRuntimeDirectory());
        var folder = Path.Combine(RootOfTheRepository(), Name, "bin", Configuration, "net10.0");   // its settings lie there, too
        var program = Path.Combine(folder, Name + ".dll");
        var start = new ProcessStartInfo(dotnet, [program, "--urls", "http://127.0.0.1:0", "--environment", "Development", .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["TMPDIR"] = _temporary.FullName },
        };
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    public HttpClient Http { get; } = new() { Timeout = Deadline };

    /// <summary>The temporary folders that the service has made and not deleted.</summary>
    public string[] Folders => Directory.GetFileSystemEntries(_temporary.FullName, "tinyworker-web-*");

    /// <summary>Starts it on a free port, and returns when it listens.</summary>
    public static async Task<ExampleService> StartAsync(params string[] arguments)
    {
        var service = new ExampleService(arguments);
        try
        {
            // "The troupes are at http://127.0.0.1:PORT/troupes/ (...)"
            var line = await service._process.StandardOutput.ReadLineAsync().WaitAsync(Deadline);
            var address = line?.Split(' ').FirstOrDefault(word => word.StartsWith("http://", StringComparison.Ordinal));
            if (address is null)
                throw new AssertionException($"It did not say where it listens: {line}\n{await service._errors.WaitAsync(Deadline)}");
            service._output = service._process.StandardOutput.ReadToEndAsync();
            service.Http.BaseAddress = new Uri(new Uri(address), "/");
            return service;
        }
        catch
        {
            service.Dispose();
            throw;
        }
    }

    /// <summary>The ids of the child processes that live.</summary>
    public int[] Children() => [.. Directory.EnumerateDirectories("/proc").Select(ProcessIdOf).OfType<int>().Where(IsChild)];

    /// <summary>Asks it to end, as a container or a service manager does.</summary>
    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", "--", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end, and returns its exit code and what it has written to stdout and stderr since it listens.</summary>
    public async Task<(int ExitCode, string Output, string Errors)> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Deadline);
        return (_process.ExitCode, await _output!.WaitAsync(Deadline), await _errors.WaitAsync(Deadline));
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
        Http.Dispose();
        _temporary.Delete(recursive: true);
    }

    private static int? ProcessIdOf(string folder) =>
        int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? id : null;

    private static string RootOfTheRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "TinyWorker.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new AssertionException("No TinyWorker.sln above " + AppContext.BaseDirectory);
        return folder;
    }

    // "pid (name) state parent ...", where the name may have spaces and brackets. A process may end while it is looked at.
    private bool IsChild(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] != "Z" && fields[1] == _process.Id.ToString(CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
