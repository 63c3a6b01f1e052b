using BenchmarkDotNet.Running;
using TinyWorker.Benchmarks;
using TinyWorker.Benchmarks.Modes;
using TinyWorker.Benchmarks.Peers;
using TinyWorker.Benchmarks.Remote;

switch (args)
{
    case ["quick", .. var options]:
        return await QuickMode.RunAsync(options);
    case ["scale", .. var options]:
        await ScaleMode.RunAsync(options);
        return 0;
    case ["sizes", .. var options]:
        await SizesMode.RunAsync(options);
        return 0;
    case ["report", var folder, .. var pages]:
        return ReportMode.Run(folder, pages);
    case ["memory"]:
        await MemoryMode.RunAsync();
        return 0;
    case ["idle"]:
        await IdleMode.RunAsync();
        return 0;
    case ["start", .. var folders]:
        return await StartMode.RunAsync(folders);
    case [StartMode.StarterVerb]:
        await StartMode.ServeAsync();
        return 0;
    case ["wake"]:
        await WakeMode.RunAsync();
        return 0;
    case ["remote", .. var options]:
        return await RemoteMode.RunAsync(options);
    case ["remotescale", .. var options]:
        await RemoteScaleMode.RunAsync(options);
        return 0;
    case [RemoteChild.Verb, var kind, var uri, var name]:
        await RemoteChildProgram.RunAsync(kind, uri, name);
        return 0;
    case [BareChild.Verb, var path]:
        BareChild.Serve(path);
        return 0;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(SubmitBenchmarks).Assembly).Run(args, new BenchmarkConfig());
        return 0;
}
