using System.Buffers;
using System.Runtime.InteropServices;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;
using TinyWorker.Tests.Processes.Loopback;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>Large arrays that go to a worker process and back through memory that it shares with its parent.</summary>
internal sealed class SharedArrayTests : TroupeFixture
{
    private static readonly PayloadFormat<byte[]> Bytes = PayloadFormats.For<byte[]>(new JsonPayloadSerializer(), "here");

    [Test]
    public async Task Arrays_OfManySizesThroughManyWorkers_ArriveBitByBit()
    {
        await using var troupe = new TinyTroupe<byte[], byte[]>(Reversed, new ProcessTroupeOptions { Workers = 3 });
        int[] sizes = [0, 1, 65_535, 65_536, 100_000, 262_144, 300_001, 4_194_304, 4_194_305, 20_000_003];
        for (var round = 0; round < 3; round++)
        {
            var arrays = sizes.Select(Made).ToArray();
            var futures = arrays.Select(array => troupe.Submit(array)).ToArray();
            for (var i = 0; i < arrays.Length; i++)
            {
                var back = await Result(futures[i]);
                Array.Reverse(back);
                Assert.That(back.AsSpan().SequenceEqual(arrays[i]), Is.True, $"{sizes[i]} bytes");
            }
        }

        await Dispose(troupe);
    }

    [Test]
    public async Task Memory_IsSharedByTroupesOfArraysOnlyAndHeldByNoFile()
    {
        await using var numbers = new TinyTroupe<int, int>(x => x, new ProcessTroupeOptions { Workers = 1 });
        await numbers.WhenReadyAsync();
        Assert.That((ProcessTable.SharedMappings(), ProcessTable.SharedFiles()), Is.EqualTo((0, 0)));

        await using var arrays = new TinyTroupe<int, byte[]>(Made, new ProcessTroupeOptions { Workers = 2 });
        await arrays.WhenReadyAsync();
        Assert.That((ProcessTable.SharedMappings(), ProcessTable.SharedFiles()), Is.EqualTo((2, 0)));
        var worker = arrays.Snapshot().Workers[0].ProcessId!.Value;
        Assert.That(System.IO.File.ReadAllText($"/proc/{worker}/maps"), Does.Contain("memfd:tinyworker"));
        await Dispose(arrays);
        Assert.That(ProcessTable.SharedMappings(), Is.Zero);
        await Dispose(numbers);
    }

    // The second half of the result cannot be read: the process dies while it copies its pieces.
    [Test]
    public async Task Worker_ThatDiesWhileItSendsALargeResult_FaultsThatTaskOnly()
    {
        await using var troupe = new TinyTroupe<int, Memory<byte>>(
            x => x < 0 ? HalfReadable.Make(32 << 20) : Made(x), new ProcessTroupeOptions { Workers = 1 });
        var before = troupe.Submit(5_000_000);
        var hurt = troupe.Submit(-1);
        var after = troupe.Submit(6_000_000);
        Assert.That((await Result(before)).Span.SequenceEqual(Made(5_000_000)), Is.True);
        Assert.That((await Result(after)).Span.SequenceEqual(Made(6_000_000)), Is.True);
        await Within.Time(((Task)hurt.AsTask()).ContinueWith(static _ => { }, TaskScheduler.Default), "the end of a task");
        Assert.That(hurt.Exception, Is.TypeOf<WorkerCrashedException>());
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.EqualTo(1));
        Assert.That(ProcessTable.SharedMappings(), Is.EqualTo(1), "of the worker that lives");
        await Dispose(troupe);
        Assert.That(ProcessTable.SharedMappings(), Is.Zero);
    }

    [Test]
    public async Task Worker_ThatIsKilledBeforeItHasReadALargeInput_LosesNothing()
    {
        await using var troupe = new TinyTroupe<byte[], byte[]>(Reversed, new ProcessTroupeOptions { Workers = 1 });
        await troupe.WhenReadyAsync();
        var worker = troupe.Snapshot().Workers[0].ProcessId!.Value;
        ProcessTable.Kill(worker, "STOP");
        var array = Made(50_000_000);   // more than what is shared and the connection hold
        var future = troupe.Submit(array);
        Within.Until(() => troupe.Snapshot().Running == 1, "a task that is being sent");
        ProcessTable.Kill(worker, "KILL");
        var back = await Result(future);
        Array.Reverse(back);
        Assert.That(back.AsSpan().SequenceEqual(array), Is.True);
        await Dispose(troupe);
    }

    [Test]
    public async Task Worker_ThatCannotOpenTheMemory_IsServedThroughTheConnection()
    {
        var launcher = new ScriptedLauncher((_, line, frame) =>
        {
            if (frame.Kind != FrameKind.Call) return false;
            line.Send(FrameKind.Result, frame.Sequence, Bytes, frame.Read(Bytes));
            return true;
        });
        await using var troupe = new TinyTroupe<byte[], byte[]>(x => x, new ProcessTroupeOptions { Workers = 1, Launcher = launcher });
        foreach (var size in (int[])[0, 100, 100_000, 5_000_000])
            Assert.That((await Result(troupe.Submit(Made(size)))).AsSpan().SequenceEqual(Made(size)), Is.True);
        await Dispose(troupe);
    }

    [Test]
    public async Task Children_KilledAtRandomWhileArraysTravel_SpoilNone()
    {
        var launcher = new LoopbackLauncher();
        var random = new Random(17);
        var array = Made(3_000_000);
        await using var troupe = new TinyTroupe<byte[], byte[]>(
            x => x, new ProcessTroupeOptions { Workers = 2, MaxAttempts = 100, Launcher = launcher });
        for (var round = 0; round < 40; round++)
        {
            var futures = Enumerable.Range(0, 4).Select(_ => troupe.Submit(array)).ToArray();
            var wait = random.Next(200_000);
            Thread.SpinWait(wait);
            foreach (var child in launcher.Children) child.Kill();
            foreach (var future in futures) Assert.That((await Result(future)).AsSpan().SequenceEqual(array), Is.True);
        }

        await Dispose(troupe);
        launcher.Join();
        Within.Until(() => ProcessTable.SharedMappings() == 0, "the end of all that is shared");
    }

    [Test]
    public async Task Troupes_ThatHaveComeAndGone_LeaveNoMemoryAndNoFile()
    {
        await LiveAsync(new LoopbackLauncher());
        var handles = ProcessTable.OpenHandles();
        for (var i = 0; i < 100; i++) await LiveAsync(new LoopbackLauncher());
        await LiveAsync(null);
        await LiveAsync(null);
        Assert.That(ProcessTable.SharedMappings(), Is.Zero);
        Within.Until(() => ProcessTable.OpenHandles() <= handles, "the end of what was open");

        static async Task LiveAsync(LoopbackLauncher? launcher)
        {
            await using var troupe = new TinyTroupe<byte[], byte[]>(
                Reversed, new ProcessTroupeOptions { Workers = 1, Launcher = launcher });
            Assert.That(await Result(troupe.Submit(new byte[200_000])), Has.Length.EqualTo(200_000));
            await Dispose(troupe);
            launcher?.Join();
        }
    }

    private static byte[] Reversed(byte[] bytes)
    {
        Array.Reverse(bytes);
        return bytes;
    }

    private static byte[] Made(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}

/// <summary>Memory whose second half no one may read. It must not use types of the test framework.</summary>
internal sealed class HalfReadable : MemoryManager<byte>
{
    private readonly nint _start;
    private readonly int _length;

    private HalfReadable(nint start, int length) => (_start, _length) = (start, length);

    public static Memory<byte> Make(int length)
    {
        const int ReadAndWrite = 3;
        const int PrivateAndAnonymous = 0x22;
        var start = mmap(0, (nuint)length, ReadAndWrite, PrivateAndAnonymous, -1, 0);
        if (start == -1 || mprotect(start + length / 2, (nuint)length / 2, 0) != 0) throw new InvalidOperationException("no memory");
        return new HalfReadable(start, length).Memory;
    }

    public override unsafe Span<byte> GetSpan() => new((void*)_start, _length);

    public override unsafe MemoryHandle Pin(int elementIndex = 0) => new((byte*)_start + elementIndex);

    public override void Unpin()
    {
        // It never moves.
    }

    protected override void Dispose(bool disposing)
    {
        // The process ends.
    }

    [DllImport("libc")]
    private static extern nint mmap(nint start, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc")]
    private static extern int mprotect(nint start, nuint length, int protection);
}
