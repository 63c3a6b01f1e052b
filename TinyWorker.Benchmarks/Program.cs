using BenchmarkDotNet.Running;
using TinyWorker.Benchmarks;
using TinyWorker.Benchmarks.Modes;
using TinyWorker.Benchmarks.Peers;

switch (args)
{
    case ["quick", .. var filter]:
        return await QuickMode.RunAsync(filter.FirstOrDefault() ?? "");
    case ["memory"]:
        await MemoryMode.RunAsync();
        return 0;
    case ["idle"]:
        await IdleMode.RunAsync();
        return 0;
    case ["start"]:
        await StartMode.RunAsync();
        return 0;
    case ["wake"]:
        await WakeMode.RunAsync();
        return 0;
    case [BareChild.Verb, var path]:
        BareChild.Serve(path);
        return 0;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(SubmitBenchmarks).Assembly).Run(args, new BenchmarkConfig());
        return 0;
}
