using BenchmarkDotNet.Analysers;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using Perfolizer.Horology;

namespace TinyWorker.Benchmarks;

/// <summary>One short job for every class, and only the columns that matter: time and bytes of an item, and both as ratios.</summary>
internal sealed class BenchmarkConfig : ManualConfig
{
    public const int InvocationsPerIteration = 4;

    public BenchmarkConfig()
    {
        // Each invocation handles many thousand items (OperationsPerInvoke). The number of invocations is fixed: a pilot stage would
        // choose a different number for each peer, and one invocation more can mean one full garbage collection more.
        AddJob(Job.Default
            .WithId("Short")
            .WithWarmupCount(15)   // tiered compilation takes about a second
            .WithIterationCount(30)
            .WithInvocationCount(InvocationsPerIteration)
            .WithUnrollFactor(1));

        AddDiagnoser(new MemoryDiagnoser(new MemoryDiagnoserConfig(displayGenColumns: false)));
        AddLogicalGroupRules(BenchmarkLogicalGroupRule.ByCategory);

        AddColumn(TargetMethodColumn.Method, CategoriesColumn.Default);
        AddColumn(StatisticColumn.Median, StatisticColumn.StdDev, BaselineRatioColumn.RatioMean);
        AddColumn(BaselineAllocationRatioColumn.RatioMean);
        AddColumnProvider(DefaultColumnProviders.Metrics);

        AddLogger(ConsoleLogger.Default);
        AddExporter(MarkdownExporter.GitHub, JsonExporter.Full);   // TinyWorker.Charts reads the JSON
        AddAnalyser([.. DefaultConfig.Instance.GetAnalysers().Where(analyser => analyser is not HideColumnsAnalyser)]);
        AddValidator([.. DefaultConfig.Instance.GetValidators()]);
        WithSummaryStyle(SummaryStyle.Default.WithTimeUnit(TimeUnit.Nanosecond));
    }
}
