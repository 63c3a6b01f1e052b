using System.Diagnostics;
using System.Globalization;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>A program in a process group of its own, as a shell starts it, which gets a Ctrl-C.</summary>
internal sealed class CtrlCTests : TroupeFixture
{
    [Test]
    public async Task CtrlC_OnAProgramThatDrainsAtIt_EndsEveryTaskAndEveryWorker()
    {
        var gate = File("gate");
        // A shell that started this test in the background ignores Ctrl-C, and children inherit that.
        using var program = Process.Start(new ProcessStartInfo(
            "setsid",
            ["--wait", "env", "--default-signal=INT", OwnProcess.DotNet, typeof(Program).Assembly.Location, DrainsAtCtrlC.Name, gate])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var errors = program.StandardError.ReadToEndAsync();
        try
        {
            var ready = (await Within.Time(program.StandardOutput.ReadLineAsync(), "the first line of the program"))!.Split(' ');
            var ids = ready.Select(id => int.Parse(id, CultureInfo.InvariantCulture)).ToArray();
            Fatal.Signal(-ids[0], Interrupt);
            Assert.That(
                await Within.Time(program.StandardOutput.ReadLineAsync(), "the program's answer to Ctrl-C"), Is.EqualTo("draining"));
            Open(gate);
            Assert.That(
                await Within.Time(program.StandardOutput.ReadToEndAsync(), "the rest"),
                Is.EqualTo($"{DrainsAtCtrlC.Tasks} of {DrainsAtCtrlC.Tasks}\n"));
            await Within.Time(program.WaitForExitAsync(), "the end of the program");
            Assert.That(program.ExitCode, Is.Zero);
            Assert.That(ids, Is.All.Matches<int>(id => !ProcessTable.IsAlive(id)));
            Assert.That(await errors, Is.Empty);
        }
        finally
        {
            if (!program.HasExited) program.Kill(entireProcessTree: true);
        }
    }

    private const int Interrupt = 2;
}
