import EvaluationKit
import Foundation
import RunKit
import StudioApp
import StudioKit
import StudioLink
import TerminalUI
import Testing

/// What the studio does around its screens.
@Suite struct ShellTests {
  private func model(jobs: [Job] = []) -> StudioModel {
    var model = StudioModel(themes: [.plain, Theme(name: "Other", looks: [:])])
    _ = model.update(.ready(Preferences(), modelFolders: []))
    _ = model.update(.workspace(.jobs(jobs)))
    return model
  }

  private var runningJob: Job {
    Job(
      id: JobID(rawValue: 7),
      task: .generate(
        GenerateTask(
          video: VideoID(rawValue: 1), origin: .nothing,
          model: ModelReference(name: "m", autoencoder: nil, denoiser: nil),
          settings: GenerationSettings())), state: .running, created: Date(timeIntervalSince1970: 0)
    )
  }

  @Test func digitsShowTheScreens() {
    var model = model()
    for screen in ScreenID.allCases {
      let effects = model.update(.key(.character(Character("\(screen.rawValue)"))))
      #expect(model.screen == screen)
      #expect(effects.contains(.remember(.screen(screen))))
    }
  }

  @Test func anAnswerToAnEarlierQuestionComesTooLate() {
    var model = model()
    func check(_ clips: Int) -> AppState.EvaluationCheck {
      var task = EvaluateTask(.frechetVideoDistance, of: nil)
      task.clips = clips
      return AppState.EvaluationCheck(task: task, unmet: [])
    }
    func ask(_ check: AppState.EvaluationCheck) -> [Errand] {
      model.update(.follow([.query(.checkEvaluation(check.task))]))
    }
    let (first, second, third) = (check(8), check(16), check(32))
    #expect(ask(first) == [.query(.checkEvaluation(first.task))])
    // One is asked at a time, and of those that wait the last one.
    #expect(ask(second).isEmpty && ask(third).isEmpty)
    _ = model.update(.evaluationChecked(first))
    #expect(model.app.evaluationCheck == nil)
    #expect(
      model.update(.answered(.evaluation(first.task))) == [.query(.checkEvaluation(third.task))])
    _ = model.update(.evaluationChecked(third))
    _ = model.update(.evaluationChecked(first))
    #expect(model.app.evaluationCheck == third)
    #expect(model.update(.answered(.evaluation(third.task))).isEmpty)
    // Asked again, it is the last question.
    #expect(ask(first) == [.query(.checkEvaluation(first.task))])
    _ = model.update(.evaluationChecked(first))
    #expect(model.app.evaluationCheck == first)
  }

  @Test func aVideoThatIsOpenedBeforeTheListHasItStaysOpen() {
    var model = model()
    let tree = ClipTree(video: VideoID(rawValue: 900))
    _ = model.update(.opened(tree))
    _ = model.update(.workspace(.videos(model.app.videos)))
    #expect(model.app.openVideo == tree.video)
  }

  @Test func aRememberedModelThatIsFoundLaterIsUsed() {
    var model = StudioModel()
    let (first, second) = (Fixtures.skies, Fixtures.retrained)
    var preferences = Preferences()
    preferences.model = second.id
    _ = model.update(.ready(preferences, modelFolders: []))
    _ = model.update(.workspace(.models([first, second])))
    #expect(model.app.modelID == second.id)
  }

  @Test func answersToOtherKindsOfQuestionsAreTaken() {
    var model = model()
    _ = model.update(
      .follow([.query(.completePath("sk")), .query(.loadTrainingSample(path: "a.mp4"))]))
    _ = model.update(.pathCompleted(PathCompletion(of: "sk")))
    #expect(model.app.pathCompletion?.typed == "sk")
    _ = model.update(.follow([.query(.completePath("sky"))]))
    _ = model.update(.pathCompleted(PathCompletion(of: "s")))
    #expect(model.app.pathCompletion?.typed == "sk")
  }

  @Test func quittingWhileAJobRunsAsksFirst() {
    var model = model(jobs: [runningJob])
    #expect(model.update(.key(.character("q"))).isEmpty)
    #expect(!model.isClosing)
    #expect(model.update(.key(.enter)).isEmpty, "the safe answer is selected")
    _ = model.update(.key(.character("q")))
    #expect(model.update(.key(.character("y"))) == [.quit])
    #expect(model.isClosing)
    #expect(model.update(.closed) == [.terminal(.leave)])
  }

  @Test func quittingWithoutWorkIsAtOnce() {
    var model = model()
    #expect(model.update(.key(.character("q"))) == [.quit])
  }

  @Test func interruptFinishesTheClipAndASecondOnePauses() {
    var model = model(jobs: [runningJob])
    _ = model.update(
      .workspace(.progress(JobProgress(job: runningJob.id, phase: .sampling, clipCount: 1))))
    #expect(model.update(.key(.control("c"))).contains(.job(.finish(runningJob.id, atOnce: false))))
    #expect(model.update(.interrupt).contains(.job(.pause(runningJob.id))))
  }

  @Test func interruptWithoutWorkOnlySaysSo() {
    var model = model()
    #expect(model.update(.interrupt).isEmpty)
    #expect(model.status?.sentence == "nothing is running; q quits")
    _ = model.update(.key(.control("l")))
    #expect(model.status == nil)
  }

  @Test("where a worker does the work, leaving asks nothing and a lost terminal is no end")
  func attachedScreen() {
    for message: StudioMessage in [.key(.character("q")), .hangup, .terminate] {
      var model = StudioModel(keepsRunning: true, isAttached: true)
      _ = model.update(.ready(Preferences(), modelFolders: []))
      _ = model.update(.workspace(.jobs([runningJob])))
      #expect(model.update(message) == [.quit])
      #expect(model.overlay == nil && model.isClosing)
      // What becomes of the connection meanwhile is nobody's business any more.
      #expect(model.update(.failedToOpen(CancellationError())) == [.terminal(.leave)])
      #expect(model.failure == nil)
    }
  }

  @Test func aLostTerminalSavesAndEnds() {
    var model = model(jobs: [runningJob])
    #expect(model.update(.hangup) == [.quit])
  }

  @Test func aLostTerminalLetsTheClipFinishWhereThatIsWanted() {
    var model = StudioModel(keepsRunning: true)
    _ = model.update(.ready(Preferences(), modelFolders: []))
    _ = model.update(.workspace(.jobs([runningJob])))
    #expect(model.update(.hangup) == [.job(.finish(runningJob.id, atOnce: false))])
    var done = runningJob
    done.state = .finished
    #expect(model.update(.workspace(.jobs([done]))).contains(.quit))
  }

  @Test func aFailedJobIsSaidWithItsRemedyAndKeptInTheLog() {
    var model = model(jobs: [runningJob])
    var failed = runningJob
    failed.state = .failed("the disk is full", remedy: "Make room")
    _ = model.update(.workspace(.jobs([failed])))
    #expect(model.status == Notice(.error, "job 7: the disk is full", remedy: "Make room"))
    #expect(model.log.lines.last?.text == "job 7: the disk is full. Make room")
  }

  @Test func aThemeShowsWhileItIsChosenAndEscapeBringsTheOldOneBack() {
    var model = model()
    _ = model.update(.key(.control("t")))
    _ = model.update(.key(.down))
    #expect(model.theme.name == "Other")
    _ = model.update(.key(.escape))
    #expect(model.theme.name == "plain")
    _ = model.update(.key(.control("t")))
    _ = model.update(.key(.down))
    #expect(model.update(.key(.enter)) == [.remember(.theme("Other"))])
    #expect(model.theme.name == "Other")
  }

  @Test func thePaletteRunsCommandsAndRefusesUnknownOnes() {
    var model = model()
    func type(_ text: String) -> [Errand] {
      _ = model.update(.key(.character(":")))
      for character in text { _ = model.update(.key(.character(character))) }
      return model.update(.key(.enter))
    }
    #expect(type("gallery").contains(.remember(.screen(.gallery))))
    #expect(model.screen == .gallery)
    #expect(type("bytes 40") == [.remember(.bytesPerSecond(40_000))])
    #expect(type("bytes none") == [.remember(.bytesPerSecond(nil))])
    #expect(type("bytes -3").isEmpty)
    #expect(type("color 256") == [.remember(.color(.indexed256))])
    #expect(type("color auto") == [.remember(.color(nil))])
    #expect(type("color plaid").isEmpty && model.status?.level == .warning)
    #expect(type("open models/a") == [.open(path: "models/a")])
    #expect(type("zzqqxx").isEmpty)
    #expect(model.status?.sentence == "there is no command zzqqxx")
  }

  @Test func aTinyWindowSaysSoAndAnyWindowCanBeDrawn() {
    let model = model(jobs: [runningJob])
    for columns in stride(from: 1, through: 90, by: 7) {
      for rows in stride(from: 1, through: 30, by: 3) {
        #expect(drawn(model, columns: columns, rows: rows).cells.count == columns * rows)
      }
    }
  }
}
