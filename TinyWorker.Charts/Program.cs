using TinyWorker.Charts;

if (args is not [var results, var pictures])
{
    Console.Error.WriteLine("Name the folder of results (of measure.sh, or BenchmarkDotNet.Artifacts/results), and the one for pictures.");
    return 2;
}

Directory.CreateDirectory(pictures);
Tables tables = new(results);
var drawn = 0;
if (tables.InGroups() is { Count: > 0 } groups) Draw(GroupChart.Of(groups), "benchmarks.svg");
if (tables.Sizes() is { } sizes) Draw(SizeChart.Of(sizes), "sizes.svg");
if (drawn == 0) Console.Error.WriteLine($"'{results}' has neither quick*.json, *-report-full.json nor sizes.json.");
return drawn > 0 ? 0 : 1;

void Draw((ScottPlot.Plot Plot, int Width, int Height) chart, string name)
{
    var path = Path.Combine(pictures, name);
    chart.Plot.SaveSvg(path, chart.Width, chart.Height);
    Console.WriteLine(path);
    drawn++;
}
