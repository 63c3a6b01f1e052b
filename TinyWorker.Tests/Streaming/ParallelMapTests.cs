namespace TinyWorker.Tests.Streaming;

[NonParallelizable]
internal sealed class ParallelMapTests
{
    private static readonly int[] Numbers = [1, 2, 3];

    [Test]
    public void Lambda_OfEveryKind_BindsAsItsAuthorMeans()
    {
        IEnumerable<string> plain = Numbers.ParallelMap(x => $"<{x}>");
        IEnumerable<string> token = Numbers.ParallelMap((x, token) => $"<{x}{token.IsCancellationRequested}>");
        IEnumerable<string> asynchronous = Numbers.ParallelMap(async x =>
        {
            await Task.Yield();
            return $"<{x}>";
        });
        IEnumerable<string> asynchronousWithToken = Numbers.ParallelMap(async (x, token) =>
        {
            await Task.Delay(1, token);
            return $"<{x}>";
        });
        IEnumerable<string> workers = Numbers.ParallelMap(info => new Brackets(info.Index));

        string[] expected = ["<1>", "<2>", "<3>"];
        Within.Time(
            () =>
            {
                Assert.That(plain, Is.EqualTo(expected));
                Assert.That(token, Is.EqualTo(new[] { "<1False>", "<2False>", "<3False>" }));
                Assert.That(asynchronous, Is.EqualTo(expected));
                Assert.That(asynchronousWithToken, Is.EqualTo(expected));
                Assert.That(workers, Is.EqualTo(expected));
            },
            "the maps");
    }

    [Test]
    public async Task ParallelMapAsync_OfBothKindsOfSources_YieldsTheResults()
    {
        string[] expected = ["<1>", "<2>", "<3>"];
        Assert.That(await Within.Time(Collect(Numbers.ParallelMapAsync(x => $"<{x}>"))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(Numbers.ParallelMapAsync(info => new Brackets(info.Index)))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(Numbers.ParallelMapAsync((x, token) => $"<{x}>"))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(Numbers.ParallelMapAsync(x => Task.FromResult($"<{x}>")))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(Numbers.ParallelMapAsync((x, token) => Task.FromResult($"<{x}>")))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(Slowly().ParallelMapAsync(x => $"<{x}>"))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(Slowly().ParallelMapAsync((x, token) => $"<{x}>"))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(Slowly().ParallelMapAsync((x, token) => Task.FromResult($"<{x}>")))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(Slowly().ParallelMapAsync(info => new Brackets(info.Index)))), Is.EqualTo(expected));
        Assert.That(
            await Within.Time(Collect(Slowly().ParallelMapAsync(async x =>
            {
                await Task.Yield();
                return $"<{x}>";
            }))),
            Is.EqualTo(expected));
    }

    // A DbSet of Entity Framework is of both kinds. Half of the test is that this compiles.
    [Test]
    public async Task Source_OfBothKinds_IsReadAsynchronously()
    {
        string[] expected = ["<1>", "<2>", "<3>"];
        var both = new BothKinds();
        Assert.That(await Within.Time(Collect(both.ParallelMapAsync(x => $"<{x}>"))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(both.ParallelMapAsync((x, token) => $"<{x}>"))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(both.ParallelMapAsync(x => Task.FromResult($"<{x}>")))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(both.ParallelMapAsync((x, token) => Task.FromResult($"<{x}>")))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(both.ParallelMapAsync(info => new Brackets(info.Index)))), Is.EqualTo(expected));
        await using var troupe = new TinyTroupe<int, string>(x => $"<{x}>", new() { Workers = 1 });
        Assert.That(await Within.Time(Collect(troupe.MapAsync(both))), Is.EqualTo(expected));
        Assert.That((await Within.Time(Collect(troupe.MapOutcomesAsync(both)))).Select(outcome => outcome.Value), Is.EqualTo(expected));
    }

    [Test]
    public async Task Enumeration_HoweverItEnds_LeavesNoThreadBehind(
        [Values("finished", "left early", "consumer throws", "failed", "never begun")] string how, [Values] bool asynchronous)
    {
        const string Name = "one-shot";
        var workers = new CountedWorkers(how == "failed" ? 500 : -1);
        var options = new ThreadTroupeOptions { Name = Name, Workers = 3 };
        var numbers = Enumerable.Range(0, 1000);
        var seen = new List<int>();
        Exception? error = null;
        if (asynchronous)
        {
            var map = numbers.ParallelMapAsync(workers.Make, options);
            await Within.Time(Task.Run(async () =>
            {
                try
                {
                    if (how == "never begun") await map.GetAsyncEnumerator().DisposeAsync();
                    else await foreach (var x in map) if (IsEnough(x)) break;
                }
                catch (FormatException e)
                {
                    error = e;
                }
            }));
        }
        else
        {
            var map = numbers.ParallelMap(workers.Make, options);
            Within.Time(
                () =>
                {
                    try
                    {
                        if (how == "never begun") map.GetEnumerator().Dispose();
                        else foreach (var x in map) if (IsEnough(x)) break;
                    }
                    catch (FormatException e)
                    {
                        error = e;
                    }
                },
                "the enumeration");
        }

        Assert.That(error?.Message, Is.EqualTo(how switch { "consumer throws" => "consumer", "failed" => "worker", _ => null }));
        var expected = how switch { "finished" => 1000, "failed" => 500, "never begun" => 0, _ => 1 };
        Assert.That(seen, Is.EqualTo(numbers.Take(expected).Select(x => x * 2)));
        Assert.That((workers.Made, workers.Disposed), Is.EqualTo(how == "never begun" ? (0, 0) : (3, 3)));
        Threads.AreGone(Name);

        bool IsEnough(int x)
        {
            seen.Add(x);
            if (how == "consumer throws") throw new FormatException("consumer");
            return how == "left early";
        }
    }

    [Test]
    public async Task ParallelMapAsync_WhoseTokenFires_LeavesNoThreadBehind([Values] bool ofTheEnumeration)
    {
        using var cancellation = new CancellationTokenSource();
        var workers = new CountedWorkers(-1);
        var map = Enumerable.Range(0, int.MaxValue)
            .ParallelMapAsync(
                workers.Make,
                new ThreadTroupeOptions { Name = "cancelled", Workers = 3 },
                cancellationToken: ofTheEnumeration ? default : cancellation.Token);
        var enumeration = Task.Run(async () =>
        {
            await foreach (var x in map.WithCancellation(ofTheEnumeration ? cancellation.Token : default))
                if (x == 20) await cancellation.CancelAsync();
        });
        await Within.Time(Task.WhenAny(enumeration));
        Assert.That(enumeration.IsCanceled, Is.True);
        Assert.That((workers.Made, workers.Disposed), Is.EqualTo((3, 3)));
        Threads.AreGone("cancelled");
    }

    // With the types written out, a lambda that only throws or returns null fits several overloads.
    [Test]
    public async Task Lambda_ThatThrowsOrReturnsNull_IsNoWorkerFactory()
    {
        Within.Time(
            () =>
            {
                Assert.Throws<FormatException>(() => _ = Numbers.ParallelMap<int, int>(x => throw new FormatException()).Count());
                Assert.Throws<FormatException>(() => _ = Numbers.ParallelMap<int, int>((x, token) => throw new FormatException()).Count());
                Assert.Throws<FormatException>(() => _ = Numbers.ParallelMap<int, string>(_ => throw new FormatException()).Count());
                Assert.That(Numbers.ParallelMap<int, string?>(_ => null), Is.EqualTo(new string?[3]));
                Assert.That(Numbers.ParallelMap<int, string?>((_, _) => null), Is.EqualTo(new string?[3]));
                Assert.That(Numbers.ParallelMap<int, string?>(_ => default), Is.EqualTo(new string?[3]));
                Assert.That(Numbers.ParallelMap(x => (string?)null), Is.EqualTo(new string?[3]));
                Assert.Throws<FormatException>(
                    () => _ = Numbers.ParallelMap<int, int>(x => x > 0 ? throw new FormatException() : x).Count());
            },
            "the maps");
        Assert.That(await CaughtAsync(Numbers.ParallelMapAsync<int, int>(x => throw new FormatException())), Is.TypeOf<FormatException>());
        Assert.That(await CaughtAsync(Slowly().ParallelMapAsync<int, int>(x => throw new FormatException())), Is.TypeOf<FormatException>());
        Assert.That(await Within.Time(Collect(Numbers.ParallelMapAsync<int, string?>(_ => null))), Is.EqualTo(new string?[3]));
        Assert.That(await Within.Time(Collect(Slowly().ParallelMapAsync<int, string?>(_ => null))), Is.EqualTo(new string?[3]));
        Assert.That(await Within.Time(Collect(new BothKinds().ParallelMapAsync<int, string?>(_ => null))), Is.EqualTo(new string?[3]));
    }

    [Test]
    public void WorkerFactory_OfEachShape_MakesWorkers()
    {
        string[] expected = ["<1>", "<2>", "<3>"];
        Within.Time(
            () =>
            {
                Assert.That(Numbers.ParallelMap(_ => new Brackets(0)), Is.EqualTo(expected));
                Assert.That(Numbers.ParallelMap<int, string>(_ => new Brackets(0)), Is.EqualTo(expected));
                Assert.That(Numbers.ParallelMap(MakeBrackets), Is.EqualTo(expected));
                Assert.That(
                    Numbers.ParallelMap<int, string>(info => info.Count > 100 ? throw new FormatException() : new Brackets(info.Index)),
                    Is.EqualTo(expected));
            },
            "the maps");

        static ITinyWorker<int, string> MakeBrackets(WorkerInfo info) => new Brackets(info.Index);
    }

    [Test]
    public async Task MethodGroup_WithSeveralOverloads_BindsAsItsAuthorMeans()
    {
        var file = Path.Combine(Path.GetTempPath(), $"parallel-map-{Guid.NewGuid():N}.txt");
        await File.WriteAllTextAsync(file, "four");
        IEnumerable<byte[]> bytes = new[] { file }.ParallelMap(File.ReadAllBytesAsync);
        IEnumerable<double> roots = new[] { 4.0, 9.0 }.ParallelMap(Math.Sqrt);
        IEnumerable<int> numbers = new[] { "1", "2" }.ParallelMap<string, int>(int.Parse);
        IEnumerable<string?> names = new[] { "/a/b" }.ParallelMap<string, string?>(Path.GetFileName);
        using var client = new HttpClient(new Answers());
        IAsyncEnumerable<string> texts = new[] { "http://a/" }.ParallelMapAsync<string, string>(client.GetStringAsync);
        Within.Time(
            () =>
            {
                Assert.That(bytes.Select(all => all.Length), Is.EqualTo(new[] { 4 }));
                Assert.That(roots, Is.EqualTo(new[] { 2.0, 3.0 }));
                Assert.That(numbers, Is.EqualTo(new[] { 1, 2 }));
                Assert.That(names, Is.EqualTo(new[] { "b" }));
            },
            "the maps");
        Assert.That(await Within.Time(Collect(texts)), Is.EqualTo(new[] { "can be cancelled: True" }));
        File.Delete(file);
    }

    [Test]
    public async Task Function_ThatIgnoresItsToken_IsWaitedForWhenTheMapIsLeft([Values] bool asynchronous, [Values] bool onThePool)
    {
        using var go = new ManualResetEventSlim();
        var read = 0;
        var begun = 0;
        var running = 0;
        var isLeft = false;
        TinyTroupeOptions options = onThePool
            ? new PoolTroupeOptions { Workers = 2, CancellationGrace = TimeSpan.Zero }
            : new ThreadTroupeOptions { Workers = 2, CancellationGrace = TimeSpan.Zero };
        var leaving = Task.Run(async () =>
        {
            if (asynchronous)
            {
                await foreach (var x in Source().ParallelMapAsync(Run, options))
                {
                    Within.Until(() => Volatile.Read(ref begun) == 2, "two tasks to run");
                    Volatile.Write(ref isLeft, true);
                    break;
                }
            }
            else
            {
                foreach (var x in Source().ParallelMap(Run, options))
                {
                    Within.Until(() => Volatile.Read(ref begun) == 2, "two tasks to run");
                    Volatile.Write(ref isLeft, true);
                    break;
                }
            }

            return Volatile.Read(ref running);
        });
        Within.Until(() => Volatile.Read(ref isLeft), "the map to be left while two tasks run");
        Assert.That(leaving.Wait(TimeSpan.FromMilliseconds(200)), Is.False);
        go.Set();
        Assert.That(await Within.Time(leaving), Is.Zero, "nothing of a map runs once it has been left");

        IEnumerable<int> Source()
        {
            for (var x = 0; x < 100; x++)
            {
                Volatile.Write(ref read, x + 1);
                yield return x;
            }
        }

        int Run(int x)
        {
            // A map that has something to yield reads no further: the second task that is to run must have been read before.
            if (x == 0) Within.Until(() => Volatile.Read(ref begun) == 1 && Volatile.Read(ref read) > 2, "another task, and a third item");
            if (x == 0) return x;
            Interlocked.Increment(ref running);
            Interlocked.Increment(ref begun);
            Within.Wait(go);
            Interlocked.Decrement(ref running);
            return x;
        }
    }

    [Test]
    public void Map_EnumeratedTwice_RunsTwiceInTroupesOfTheirOwn()
    {
        var calls = 0;
        var map = Numbers.ParallelMap(x => x + Interlocked.Increment(ref calls) - calls);
        Within.Time(() => Assert.That(map.Count() + map.Count(), Is.EqualTo(6)), "two enumerations");
        Assert.That(calls, Is.EqualTo(6));
    }

    [Test]
    public void Arguments_ThatAreInvalid_AreNamedAtTheCall()
    {
        Assert.That(() => ((int[])null!).ParallelMap(x => x), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("source"));
        Assert.That(
            () => Numbers.ParallelMap((Func<int, int>)null!),
            Throws.ArgumentNullException.With.Property("ParamName").EqualTo("function"));
        Assert.That(
            () => Numbers.ParallelMap((Func<WorkerInfo, ITinyWorker<int, int>>)null!),
            Throws.ArgumentNullException.With.Property("ParamName").EqualTo("workerFactory"));
        Assert.That(
            () => Numbers.ParallelMap(x => x, new() { Workers = 0 }),
            Throws.InstanceOf<ArgumentException>().With.Message.Contains("Workers"));
        Assert.That(
            () => Numbers.ParallelMap(x => x, options: new() { Window = 0 }),
            Throws.InstanceOf<ArgumentException>().With.Message.Contains("Window"));
    }

    private static async Task<Exception?> CaughtAsync<T>(IAsyncEnumerable<T> map)
    {
        try
        {
            await Within.Time(Collect(map));
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private static async Task<T[]> Collect<T>(IAsyncEnumerable<T> source)
    {
        var all = new List<T>();
        await foreach (var item in source) all.Add(item);
        return [.. all];
    }

    private sealed class Answers : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage
            {
                Content = new StringContent($"can be cancelled: {cancellationToken.CanBeCanceled}"),
            });
    }

    private sealed class BothKinds : IEnumerable<int>, IAsyncEnumerable<int>
    {
        public IAsyncEnumerator<int> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
            Slowly().GetAsyncEnumerator(cancellationToken);

        public IEnumerator<int> GetEnumerator() => throw new NotSupportedException("The source was read synchronously.");

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private static async IAsyncEnumerable<int> Slowly()
    {
        foreach (var x in Numbers)
        {
            await Task.Yield();
            yield return x;
        }
    }

    private sealed class Brackets(int index) : TinyWorker<int, string>
    {
        public override string Call(int input, CancellationToken cancellationToken) => index < 0 ? "" : $"<{input}>";
    }

    /// <summary>Makes workers that double a number, and counts the workers.</summary>
    private sealed class CountedWorkers(int failing)
    {
        private int _made;
        private int _disposed;

        public int Made => Volatile.Read(ref _made);

        public int Disposed => Volatile.Read(ref _disposed);

        public ITinyWorker<int, int> Make(WorkerInfo worker)
        {
            Interlocked.Increment(ref _made);
            return new Doubler(failing, () => Interlocked.Increment(ref _disposed));
        }
    }

    private sealed class Doubler(int failing, Action dispose) : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) =>
            input == failing ? throw new FormatException("worker") : input * 2;

        public void Dispose() => dispose();
    }
}
